import { expect, test } from 'vitest'
import { checkGitHost } from './check-git-host.ts'

test.each(['https://169.254.169.254/latest/meta-data', 'https://[fe80::1]/a.git', 'https://2852039166/a.git'])(
  '%s is refused whoever asks',
  async (url) => {
    await expect(checkGitHost(url)).rejects.toMatchObject({ code: 'URL_REFUSED' })
  },
)

test('git connects to the addresses that were checked', async () => {
  const { addresses } = await checkGitHost('https://localhost/a.git')

  expect(addresses?.every((address) => ['127.0.0.1', '::1'].includes(address))).toBe(true)
})

test('a name that only a proxy knows is left to git', async () => {
  expect(await checkGitHost('https://git.invalid/a.git')).toEqual({})
})

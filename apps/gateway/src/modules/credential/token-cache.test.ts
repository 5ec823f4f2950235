import { AppError } from '@sluice/contracts/errors'
import { expect, test } from 'vitest'
import { CACHE_MS, TokenCache, type InternalToken } from './token-cache.ts'

const credential = { type: 'bearer' as const, value: 'v' }
const token = (over: Partial<InternalToken> = {}): InternalToken => ({
  token: 't',
  expiresAt: 60_000,
  accountId: 'acc-1',
  credentialId: 'ses-1',
  ...over,
})

function cacheWith(answer: () => Promise<InternalToken>) {
  let asked = 0
  let now = 0
  const cache = new TokenCache(
    () => {
      asked += 1
      return answer()
    },
    () => now,
  )
  return { cache, asked: () => asked, tick: (ms: number) => (now += ms) }
}

test('requests at the same time ask once, and for 30 seconds nobody asks again', async () => {
  const { cache, asked, tick } = cacheWith(async () => token())
  await Promise.all([cache.tokenFor(credential), cache.tokenFor(credential)])
  await cache.tokenFor(credential)
  expect(asked()).toBe(1)
  tick(CACHE_MS)
  await cache.tokenFor(credential)
  expect(asked()).toBe(2)
})

test('a revocation of the account drops its tokens and no others', async () => {
  const { cache, asked } = cacheWith(async () => token())
  await cache.tokenFor(credential)
  cache.revoke('acc-2')
  await cache.tokenFor(credential)
  expect(asked()).toBe(1)
  cache.revoke('acc-1')
  await cache.tokenFor(credential)
  expect(asked()).toBe(2)
})

test('an answer that crosses a revocation is not kept', async () => {
  let release: ((value: InternalToken) => void) | undefined
  const { cache, asked } = cacheWith(
    () =>
      new Promise((resolve) => {
        release = resolve
      }),
  )
  const first = cache.tokenFor(credential)
  cache.revoke('acc-1')
  release?.(token())
  await first
  const second = cache.tokenFor(credential)
  release?.(token())
  await second
  expect(asked()).toBe(2)
})

test('a refusal is not kept, and a new cookie goes out once', async () => {
  let refuse = true
  const { cache } = cacheWith(async () => {
    if (refuse) throw new AppError('INVALID_TOKEN', 'no')
    return token({ setCookie: 'new' })
  })
  await expect(cache.tokenFor(credential)).rejects.toThrow('no')
  refuse = false
  expect((await cache.tokenFor(credential)).setCookie).toBe('new')
  expect((await cache.tokenFor(credential)).setCookie).toBeUndefined()
})

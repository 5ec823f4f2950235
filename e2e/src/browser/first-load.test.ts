import { send } from '../system/api-client.ts'
import { expect, PROJECT_PATH, test } from './browser-test.ts'

/** Of JavaScript, compressed by gzip: what the page may cost. */
const BUDGET_BYTES = 300 * 1024

async function gzippedBytes(path: string): Promise<number> {
  const { status, headers } = await send('GET', path, { headers: { 'accept-encoding': 'gzip' } })
  expect([path, status]).toEqual([path, 200])
  return Number(headers['content-length'])
}

test('the list of executions costs at most 300 KiB of JavaScript, and asks no other host for anything', async ({
  admin: { page },
}) => {
  const scripts = new Set<string>()
  const hosts = new Set<string>()
  page.on('request', (request) => {
    const { host, pathname } = new URL(request.url())
    hosts.add(host)
    if (request.resourceType() === 'script') scripts.add(pathname)
  })
  await page.goto(`${PROJECT_PATH}/executions`)
  await expect(page.getByRole('table', { name: 'Executions' }).getByRole('link').first()).toBeVisible()
  const sizes = await Promise.all([...scripts].filter((path) => path.startsWith('/assets/')).map(gzippedBytes))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  expect(bytes).toBeGreaterThan(50 * 1024)
  expect(bytes).toBeLessThanOrEqual(BUDGET_BYTES)
  expect([...hosts]).toEqual([new URL(page.url()).host])
})

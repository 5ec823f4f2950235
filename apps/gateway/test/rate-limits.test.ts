import { afterAll, beforeAll, expect, test } from 'vitest'
import { PASSWORD, startGateway, type TestGateway } from './start-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway({ loginsPerMinute: 3, perCredentialMinute: 5 })
})
afterAll(() => gateway?.stop())

const login = (email: string, password: string) =>
  gateway.call('POST', '/gateway/ng/api/auth/login', { body: { email, password } })

test('sign-ins are limited per e-mail address and say when to try again', async () => {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect((await login('Victim@there.test', 'wrong password')).status).toBe(401)
  }
  const refused = await login('victim@there.test', 'wrong password')

  expect(refused.status).toBe(429)
  expect(refused.json.code).toBe('TOO_MANY_REQUESTS')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect((await login('somebody-else@there.test', 'wrong password')).status).toBe(401)
})

test('requests are limited per credential', async () => {
  const answer = await login('admin@localhost', PASSWORD)
  const data = answer.json.data
  const token = typeof data === 'object' && data !== null && 'token' in data ? String(data.token) : ''
  const statuses: number[] = []
  for (let count = 0; count < 6; count += 1) {
    const headers = { authorization: `Bearer ${token}` }
    statuses.push((await gateway.call('GET', '/gateway/ng/api/accounts/current', { headers })).status)
  }

  expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
})

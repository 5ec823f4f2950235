import { LockOutDetails } from '@sluice/contracts/auth'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { PASSWORD, startNgCore, type TestNgCore } from './start-ng-core.ts'

let core: TestNgCore
let admin: string
beforeAll(async () => {
  core = await startNgCore()
  admin = await core.tokenOf('admin@first.test')
})
afterAll(() => core?.stop())

const Sessions = z.array(
  z.looseObject({
    identifier: z.string(),
    current: z.boolean(),
    kind: z.string(),
    userAgent: z.string().optional(),
  }),
)
const listed = async (token: string) =>
  Sessions.parse((await core.call('GET', '/ng/api/auth/sessions', { token })).data)
const login = (email: string, password = PASSWORD, headers: Record<string, string> = {}) =>
  core.call('POST', '/ng/api/auth/login', { body: { email, password, bearer: false }, headers })

describe('own sessions', () => {
  test('are listed with where they were opened from, and all but the current one end', async () => {
    const token = await core.tokenWithRole(admin, 'sessions@first.test', [])
    const userAgent = `Browser ${'x'.repeat(400)}`
    const elsewhere = await login('sessions@first.test', PASSWORD, {
      'user-agent': userAgent,
      'x-forwarded-for': '192.0.2.7',
    })
    const sessions = await listed(token)
    expect(sessions.filter(({ current }) => current)).toMatchObject([{ kind: 'TOKEN' }])
    expect(sessions.find((session) => session.userAgent?.startsWith('Browser'))).toMatchObject({
      kind: 'BROWSER',
      address: '192.0.2.7',
      userAgent: userAgent.slice(0, 256),
    })

    const ended = await core.call('DELETE', '/ng/api/auth/sessions', { token })
    expect(ended.data).toEqual({ ended: sessions.length - 1 })
    expect(await listed(token)).toMatchObject([{ current: true }])
    const value = /sluice_session=([^;]+)/.exec(String(elsewhere.headers['set-cookie']))?.[1] ?? ''
    const exchanged = await core.call('POST', '/ng/api/internal/token', {
      body: { credential: { type: 'session', value } },
    })
    expect(exchanged.code).toBe('INVALID_TOKEN')
  })

  test("one ends alone; somebody else's is not there", async () => {
    const token = await core.tokenWithRole(admin, 'single@first.test', [])
    const [session] = await listed(token)
    const path = `/ng/api/auth/sessions/${session?.identifier}`

    expect((await core.call('DELETE', path, { token: admin })).code).toBe('ENTITY_NOT_FOUND')
    expect((await core.call('DELETE', path, { token })).data).toBe(true)
    expect((await core.call('DELETE', path, { token })).code).toBe('ENTITY_NOT_FOUND')
  })
})

describe('lock-out', () => {
  const fail = async (email: string): Promise<number[]> => {
    const statuses: number[] = []
    // One after the other: the sixth must meet the lock.
    // oxlint-disable-next-line no-await-in-loop
    for (let count = 0; count < 6; count += 1) statuses.push((await login(email, 'wrong password')).status)
    return statuses
  }

  test('says how long it lasts, in the details, the header and the sentence', async () => {
    await core.tokenWithRole(admin, 'waits@first.test', [])
    expect(await fail('waits@first.test')).toEqual([401, 401, 401, 401, 401, 429])

    const locked = await login('waits@first.test')
    const { details } = z.object({ details: LockOutDetails }).parse(JSON.parse(locked.text))
    expect(details.retryAfterSeconds).toBeGreaterThan(15)
    expect(details.retryAfterSeconds).toBeLessThanOrEqual(30)
    expect(locked.headers['retry-after']).toBe(String(details.retryAfterSeconds))
    expect(locked.message).toContain(`in ${details.retryAfterSeconds} s`)
  })

  test('locks an address that belongs to nobody just so: it tells nobody who exists', async () => {
    expect(await fail('nobody-at-all@first.test')).toEqual([401, 401, 401, 401, 401, 429])
    expect((await login('nobody-at-all@first.test')).message).toMatch(/in \d+ s/)
  })
})

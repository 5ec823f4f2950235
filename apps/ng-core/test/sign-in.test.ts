import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { PASSWORD, startNgCore, type TestNgCore } from './start-ng-core.ts'

let core: TestNgCore
beforeAll(async () => {
  core = await startNgCore()
})
afterAll(() => core?.stop())

const login = (body: object, headers: Record<string, string> = {}) =>
  core.call('POST', '/ng/api/auth/login', { body, headers })
const exchange = (type: string, value: string) =>
  core.call('POST', '/ng/api/internal/token', { body: { credential: { type, value } } })
const Opened = z.object({ token: z.string().optional(), accountIdentifier: z.string() })

function cookieOf(answer: { headers: Record<string, string | string[] | undefined> }): string {
  const header = answer.headers['set-cookie']
  const text = Array.isArray(header) ? header.join() : (header ?? '')
  return /sluice_session=([^;]*)/.exec(text)?.[1] ?? ''
}

describe('signing in', () => {
  test('gives a cookie that scripts and other sites never see, and a bearer token of another session', async () => {
    const answer = await login({ email: 'Admin@First.test', password: PASSWORD })

    expect(answer.status).toBe(200)
    expect(String(answer.headers['set-cookie'])).toMatch(/HttpOnly; Secure; SameSite=Strict/)
    const opened = Opened.parse(answer.data)
    expect(opened.accountIdentifier).toBe(core.first.accountId)
    expect(opened.token).not.toBe(cookieOf(answer))
    expect((await exchange('session', cookieOf(answer))).status).toBe(200)
    expect((await exchange('bearer', opened.token ?? '')).status).toBe(200)
  })

  test('a cookie is no bearer token and a bearer token no cookie', async () => {
    const answer = await login({ email: 'admin@first.test', password: PASSWORD })

    expect((await exchange('bearer', cookieOf(answer))).code).toBe('INVALID_TOKEN')
    expect((await exchange('session', Opened.parse(answer.data).token ?? '')).code).toBe('INVALID_TOKEN')
  })

  test('without bearer no credential is in the body', async () => {
    const answer = await login({ email: 'admin@first.test', password: PASSWORD, bearer: false })

    expect(Opened.parse(answer.data).token).toBeUndefined()
  })

  test('a wrong password and an unknown address get the same answer', async () => {
    const wrong = await login({ email: 'admin@second.test', password: 'wrong password' })
    const unknown = await login({ email: 'nobody@nowhere.test', password: 'wrong password' })

    expect([wrong.status, wrong.code, wrong.message]).toEqual([unknown.status, unknown.code, unknown.message])
    expect(wrong.code).toBe('INVALID_CREDENTIALS')
  })

  test('what is missing is named', async () => {
    const answer = await login({ email: 'no-address' })

    expect(answer.code).toBe('INVALID_REQUEST')
    expect(answer.message).toMatch(/body.email .*body.password/)
  })

  test('the session that came with the request ends: a planted cookie gains nothing', async () => {
    const planted = cookieOf(await login({ email: 'admin@first.test', password: PASSWORD }))
    await login({ email: 'admin@first.test', password: PASSWORD }, { cookie: `sluice_session=${planted}` })

    expect((await exchange('session', planted)).code).toBe('INVALID_TOKEN')
  })

  test('signing out ends the session at once, and again is fine', async () => {
    const cookie = cookieOf(await login({ email: 'admin@first.test', password: PASSWORD }))
    const headers = { cookie: `sluice_session=${cookie}` }

    expect((await core.call('POST', '/ng/api/auth/logout', { headers })).status).toBe(200)
    expect((await exchange('session', cookie)).code).toBe('INVALID_TOKEN')
    expect((await core.call('POST', '/ng/api/auth/logout', { headers })).status).toBe(200)
  })

  test('an address in two accounts means the older one, unless the other is named', async () => {
    const older = await core.tokenOf('admin@second.test')
    const newer = await core.tokenOf('admin@first.test')
    const user = (password: string) => ({ user: { email: 'twice@here.test', name: 'twice', password } })
    await core.call('POST', '/ng/api/user', { token: older, body: user('password of the second') })
    await core.call('POST', '/ng/api/user', { token: newer, body: user('password of the first') })

    const plain = await login({ email: 'twice@here.test', password: 'password of the second' })
    expect(Opened.parse(plain.data).accountIdentifier).toBe(core.second.accountId)
    expect((await login({ email: 'twice@here.test', password: 'password of the first' })).status).toBe(401)
    const named = await login({
      email: 'twice@here.test',
      password: 'password of the first',
      accountIdentifier: core.first.accountId,
    })
    expect(Opened.parse(named.data).accountIdentifier).toBe(core.first.accountId)
  })
})

describe('lock-out', () => {
  test('five wrong passwords lock the user, even with the right one, until an administrator unlocks', async () => {
    const admin = await core.tokenOf('admin@first.test')
    await core.tokenWithRole(admin, 'locked@first.test', [{ role: 'viewer' }])
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await login({ email: 'locked@first.test', password: 'wrong password' })).status).toBe(401)
    }

    expect((await login({ email: 'locked@first.test', password: PASSWORD })).code).toBe('TOO_MANY_REQUESTS')
    const listed = await core.call('POST', '/ng/api/user/list', { token: admin, body: { searchTerm: 'locked@' } })
    const [{ user }] = z
      .object({ content: z.tuple([z.object({ user: z.object({ uuid: z.string(), locked: z.boolean() }) })]) })
      .parse(listed.data).content
    expect(user.locked).toBe(true)
    await core.call('PUT', `/ng/api/user/${user.uuid}`, { token: admin, body: { user: { locked: false } } })
    expect((await login({ email: 'locked@first.test', password: PASSWORD })).status).toBe(200)
  })

  test('attempts at the same time count too', async () => {
    const admin = await core.tokenOf('admin@first.test')
    await core.tokenWithRole(admin, 'burst@first.test', [])
    await Promise.all(Array.from({ length: 6 }, () => login({ email: 'burst@first.test', password: 'wrong password' })))

    expect((await login({ email: 'burst@first.test', password: PASSWORD })).code).toBe('TOO_MANY_REQUESTS')
  })
})

describe('rotation', () => {
  test('an old cookie secret is replaced, stays good for a moment, and ends the session when used much later', async () => {
    const cookie = cookieOf(await login({ email: 'admin@first.test', password: PASSWORD }))
    const [, id] = cookie.split('.')
    const where = { accountId_id: { accountId: core.first.accountId, id: id ?? '' } }
    const hourAgo = new Date(Date.now() - 3_600_000)
    await core.deps.prisma.session.update({ where, data: { rotatedAt: hourAgo } })

    const rotated = await exchange('session', cookie)
    const { setCookie } = z.object({ setCookie: z.string() }).parse(rotated.data)
    const next = cookieOf({ headers: { 'set-cookie': setCookie } })
    expect(next).not.toBe(cookie)
    expect((await exchange('session', cookie)).status).toBe(200)
    expect((await exchange('session', next)).status).toBe(200)

    await core.deps.prisma.session.update({ where, data: { confirmedAt: hourAgo } })
    expect((await exchange('session', cookie)).code).toBe('INVALID_TOKEN')
    expect((await exchange('session', next)).code).toBe('INVALID_TOKEN')
  })

  test('a browser that never got the new secret gets another', async () => {
    const cookie = cookieOf(await login({ email: 'admin@first.test', password: PASSWORD }))
    const [, id] = cookie.split('.')
    const where = { accountId_id: { accountId: core.first.accountId, id: id ?? '' } }
    const hourAgo = new Date(Date.now() - 3_600_000)
    await core.deps.prisma.session.update({ where, data: { rotatedAt: hourAgo } })
    await exchange('session', cookie)
    await core.deps.prisma.session.update({ where, data: { rotatedAt: hourAgo } })

    const again = z.object({ setCookie: z.string() }).parse((await exchange('session', cookie)).data)
    const next = cookieOf({ headers: { 'set-cookie': again.setCookie } })
    expect((await exchange('session', next)).status).toBe(200)
  })

  test('a session ends after its time and without use', async () => {
    const cookie = cookieOf(await login({ email: 'admin@first.test', password: PASSWORD }))
    const [, id] = cookie.split('.')
    const where = { accountId_id: { accountId: core.first.accountId, id: id ?? '' } }
    await core.deps.prisma.session.update({ where, data: { lastUsedAt: new Date(Date.now() - 86_400_000) } })
    expect((await exchange('session', cookie)).code).toBe('EXPIRED_TOKEN')
    await core.deps.prisma.session.update({ where, data: { lastUsedAt: new Date(), expiresAt: new Date() } })
    expect((await exchange('session', cookie)).code).toBe('EXPIRED_TOKEN')
  })
})

describe('changing the password', () => {
  test('ends every session of the user and opens a new one', async () => {
    const admin = await core.tokenOf('admin@first.test')
    const token = await core.tokenWithRole(admin, 'changer@first.test', [{ role: 'viewer' }])
    const old = cookieOf(await login({ email: 'changer@first.test', password: PASSWORD }))

    const wrong = await core.call('PUT', '/ng/api/auth/password', {
      token,
      body: { currentPassword: 'not it', newPassword: 'another long password' },
    })
    expect(wrong.code).toBe('INVALID_CREDENTIALS')
    const changed = await core.call('PUT', '/ng/api/auth/password', {
      token,
      body: { currentPassword: PASSWORD, newPassword: 'another long password' },
    })

    expect(changed.status).toBe(200)
    expect((await exchange('session', old)).code).toBe('INVALID_TOKEN')
    expect((await exchange('session', cookieOf(changed))).status).toBe(200)
    expect((await login({ email: 'changer@first.test', password: PASSWORD })).status).toBe(401)
  })
})

describe('API keys', () => {
  const Created = z.object({ apiKey: z.object({ identifier: z.string() }), value: z.string() })

  test('a key is shown once, works, and stops at once when it is revoked', async () => {
    const token = await core.tokenOf('admin@first.test')
    const created = Created.parse(
      (await core.call('POST', '/ng/api/apikey', { token, body: { apiKey: { name: 'ci' } } })).data,
    )
    expect(created.value).toMatch(new RegExp(`^pat\\.${core.first.accountId}\\.key-`))
    const listed = await core.call('GET', '/ng/api/apikey', { token })
    expect(listed.text).toContain(created.apiKey.identifier)
    expect(listed.text).not.toContain(created.value.split('.')[3])
    expect((await exchange('apiKey', created.value)).status).toBe(200)
    expect((await exchange('bearer', created.value)).status).toBe(200)
    expect((await exchange('apiKey', `${created.value.slice(0, -1)}~`)).code).toBe('INVALID_TOKEN')

    await core.call('DELETE', `/ng/api/apikey/${created.apiKey.identifier}`, { token })
    expect((await exchange('apiKey', created.value)).code).toBe('INVALID_TOKEN')
  })

  test('a key expires', async () => {
    const token = await core.tokenOf('admin@first.test')
    const body = { apiKey: { name: 'short', expiresAt: Date.now() + 60_000 } }
    const created = Created.parse((await core.call('POST', '/ng/api/apikey', { token, body })).data)
    await core.deps.prisma.apiKey.updateMany({
      where: { id: created.apiKey.identifier },
      data: { expiresAt: new Date(Date.now() - 1) },
    })

    expect((await exchange('apiKey', created.value)).code).toBe('EXPIRED_TOKEN')
    const past = { apiKey: { name: 'past', expiresAt: 1 } }
    expect((await core.call('POST', '/ng/api/apikey', { token, body: past })).code).toBe('INVALID_REQUEST')
  })

  test("somebody else's key is not there, unless one manages users", async () => {
    const admin = await core.tokenOf('admin@first.test')
    const viewer = await core.tokenWithRole(admin, 'keys@first.test', [{ role: 'viewer' }])
    const mine = Created.parse(
      (await core.call('POST', '/ng/api/apikey', { token: admin, body: { apiKey: { name: 'x' } } })).data,
    )
    const path = `/ng/api/apikey/${mine.apiKey.identifier}`

    expect((await core.call('DELETE', path, { token: viewer })).code).toBe('ENTITY_NOT_FOUND')
    expect((await core.call('DELETE', path, { token: await core.tokenOf('admin@second.test') })).status).toBe(404)
    expect((await core.call('GET', '/ng/api/apikey', { token: viewer, query: { userId: '*' } })).status).toBe(403)
    expect((await core.call('GET', '/ng/api/apikey', { token: admin, query: { userId: '*' } })).status).toBe(200)
  })
})

describe('the door', () => {
  test('only the gateway may call', async () => {
    expect(await core.peerCall('pipeline-service', '/ng/api/accounts/current')).toBe(403)
    expect(await core.peerCall('gateway', '/ng/api/accounts/current')).toBe(401)
  })

  test('nobody acts on behalf of others here', async () => {
    const headers = {
      'on-behalf-of': JSON.stringify({
        accountId: core.first.accountId,
        principal: { type: 'USER', id: core.first.userId, name: 'x' },
      }),
    }

    expect((await core.call('GET', '/ng/api/accounts/current', { headers })).code).toBe('PEER_NOT_ALLOWED')
  })
})

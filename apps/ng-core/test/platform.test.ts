import { newId } from '@sluice/contracts/ids'
import { createPool, sendMessage, transactOn } from '@sluice/database'
import { until } from '@sluice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { firstBoot } from '../src/modules/account/first-boot.ts'
import { PROJECT, secret } from './samples.ts'
import { PASSWORD, startNgCore, type TestNgCore } from './start-ng-core.ts'

let core: TestNgCore
let admin: string
beforeAll(async () => {
  core = await startNgCore()
  admin = await core.tokenOf('admin@first.test')
})
afterAll(() => core?.stop())

const post = (path: string, body: object, query?: Record<string, string>, token = admin) =>
  core.call('POST', path, { token, body, query })
const put = (path: string, body: object, query?: Record<string, string>, token = admin) =>
  core.call('PUT', path, { token, body, query })
const get = (path: string, query?: Record<string, string>, token = admin) => core.call('GET', path, { token, query })
const remove = (path: string, query?: Record<string, string>, token = admin) =>
  core.call('DELETE', path, { token, query })

describe('organisations and projects', () => {
  test('are created, read, changed, and their identifiers are unique', async () => {
    expect((await post('/ng/api/organizations', { organization: { identifier: 'shop', name: 'Shop' } })).status).toBe(
      200,
    )
    const again = await post('/ng/api/organizations', { organization: { identifier: 'shop', name: 'Shop' } })
    expect(again.code).toBe('DUPLICATE_IDENTIFIER')
    expect(again.message).toContain('"shop"')
    const bad = await post('/ng/api/organizations', { organization: { identifier: '1-x', name: '' } })
    expect(bad.code).toBe('INVALID_REQUEST')

    const query = { orgIdentifier: 'shop' }
    expect((await post('/ng/api/projects', { project: { identifier: 'web', name: 'Web' } }, query)).status).toBe(200)
    const changed = await put('/ng/api/projects/web', { project: { name: 'Web shop', version: 1 } }, query)
    expect(changed.data).toMatchObject({ project: { name: 'Web shop', version: 2 } })
    const stale = await put('/ng/api/projects/web', { project: { name: 'x', version: 1 } }, query)
    expect(stale.code).toBe('VERSION_CONFLICT')
    const nowhere = await post(
      '/ng/api/projects',
      { project: { identifier: 'a', name: 'a' } },
      { orgIdentifier: 'none' },
    )
    expect(nowhere.code).toBe('ENTITY_NOT_FOUND')
  })

  test('a project viewer sees that project and its organisation only', async () => {
    const viewer = await core.tokenWithRole(admin, 'web@first.test', [
      { role: 'viewer', orgIdentifier: 'shop', projectIdentifier: 'web' },
    ])
    const projects = await get('/ng/api/projects', {}, viewer)
    expect(projects.data).toMatchObject({ totalItems: 1, content: [{ project: { identifier: 'web' } }] })
    const organizations = await get('/ng/api/organizations', {}, viewer)
    expect(organizations.data).toMatchObject({ totalItems: 1, content: [{ organization: { identifier: 'shop' } }] })
    expect((await get('/ng/api/projects/default_project', { orgIdentifier: 'default' }, viewer)).status).toBe(403)
  })
})

describe('users', () => {
  const list = z.object({ content: z.array(z.object({ user: z.object({ uuid: z.string(), email: z.string() }) })) })

  test('disabling a user ends its sessions, and its bindings are gone for every service', async () => {
    const token = await core.tokenWithRole(admin, 'leaver@first.test', [{ role: 'editor' }])
    const found = list.parse((await post('/ng/api/user/list', { searchTerm: 'leaver' })).data).content[0]
    const uuid = found?.user.uuid ?? ''
    expect((await put(`/ng/api/user/${uuid}`, { user: { disabled: true } })).status).toBe(200)

    const login = await core.call('POST', '/ng/api/auth/login', {
      body: { email: 'leaver@first.test', password: PASSWORD },
    })
    expect(login.status).toBe(401)
    const bindings = await core.deps.pool.query('select 1 from access_bindings where principal_id = $1', [uuid])
    expect(bindings.rowCount).toBe(0)
    // The token is still in its minute, and lets nobody in where bindings are read again.
    expect((await core.deps.pool.query('select 1 from session where user_id = $1', [uuid])).rowCount).toBe(0)
    expect(token).not.toBe('')
  })

  test('a new role holds at once for a new token', async () => {
    const before = await core.tokenWithRole(admin, 'riser@first.test', [])
    expect((await post('/ng/api/user/list', {}, {}, before)).status).toBe(403)
    const found = list.parse((await post('/ng/api/user/list', { searchTerm: 'riser' })).data).content[0]
    await put(`/ng/api/user/${found?.user.uuid}`, { user: { roleAssignments: [{ role: 'admin' }, { role: 'admin' }] } })

    expect((await post('/ng/api/user/list', {}, {}, await core.tokenOf('riser@first.test'))).status).toBe(200)
  })

  test('the last administrator stays', async () => {
    const other = await core.tokenOf('admin@second.test')
    const path = `/ng/api/user/${core.second.userId}`

    expect((await remove(path, {}, other)).code).toBe('INVALID_STATE')
    expect((await put(path, { user: { disabled: true } }, {}, other)).code).toBe('INVALID_STATE')
    expect((await put(path, { user: { roleAssignments: [] } }, {}, other)).code).toBe('INVALID_STATE')
    expect((await get('/ng/api/user/currentUser', {}, other)).status).toBe(200)
  })
})

describe('settings', () => {
  const Settings = z.array(
    z.looseObject({ identifier: z.string(), value: z.unknown(), source: z.string(), editable: z.boolean() }),
  )
  const read = async (query: Record<string, string> = {}) => {
    const settings = Settings.parse((await get('/ng/api/settings', query)).data)
    return settings.find((setting) => setting.identifier === 'delegate_queue_timeout_seconds')
  }
  const set = (value: unknown, allowOverrides: boolean, query: Record<string, string> = {}) =>
    put(
      '/ng/api/settings',
      [{ updateType: 'UPDATE', identifier: 'delegate_queue_timeout_seconds', value, allowOverrides }],
      query,
    )

  test('the nearest scope wins, unless one above forbids it', async () => {
    expect(await read(PROJECT)).toMatchObject({ value: 60, source: 'default' })
    await set(100, true)
    await set(200, true, PROJECT)
    expect(await read(PROJECT)).toMatchObject({ value: 200, source: 'project' })
    await set(100, false)
    expect(await read(PROJECT)).toMatchObject({ value: 100, source: 'account', editable: false })
    expect((await set(300, true, PROJECT)).code).toBe('INVALID_STATE')
    await put('/ng/api/settings', [{ updateType: 'RESTORE', identifier: 'delegate_queue_timeout_seconds' }])
    expect(await read(PROJECT)).toMatchObject({ value: 200 })
  })

  test('unknown settings, wrong values and levels are refused by name', async () => {
    expect((await set('soon', true)).message).toContain('delegate_queue_timeout_seconds')
    expect((await put('/ng/api/settings', [{ updateType: 'RESTORE', identifier: 'nope' }])).message).toContain('"nope"')
    const level = [{ updateType: 'UPDATE', identifier: 'session_lifetime_hours', value: 5 }]
    expect((await put('/ng/api/settings', level, PROJECT)).message).toContain('"project"')
  })
})

describe('delegate tokens', () => {
  test('the value is shown once, the public key is stored, revoking shows in the read grant', async () => {
    const body = { delegateToken: { name: 'stg-token', ...PROJECT, allowedTags: ['stg'], namePattern: 'stg-*' } }
    const created = await post('/ng/api/delegate-token-ng', body)
    const { value, delegateToken } = z
      .object({ value: z.string(), delegateToken: z.object({ identifier: z.string() }) })
      .parse(created.data)
    expect((await post('/ng/api/delegate-token-ng', body)).code).toBe('DUPLICATE_IDENTIFIER')
    expect((await get('/ng/api/delegate-token-ng', PROJECT)).text).not.toContain(value)
    expect((await remove('/ng/api/delegate-token-ng/stg-token', PROJECT)).code).toBe('INVALID_STATE')
    await put('/ng/api/delegate-token-ng/stg-token/revoke', {}, PROJECT)

    const reader = createPool({ url: core.database.url('delegate-service'), applicationName: 'test', max: 1 })
    const { rows } = await reader.query('select * from ng.delegate_token_keys where id = $1', [
      delegateToken.identifier,
    ])
    await reader.end()
    expect(rows[0]).toMatchObject({ status: 'REVOKED', allowed_tags: ['stg'], name_pattern: 'stg-*' })
    expect((await remove('/ng/api/delegate-token-ng/stg-token', PROJECT)).status).toBe(200)
  })

  test('one that asks for approval is refused, because nobody could approve its delegates', async () => {
    const body = { delegateToken: { name: 'asks', requiresApproval: true } }
    const refused = await post('/ng/api/delegate-token-ng', body)
    expect(refused).toMatchObject({ status: 400, code: 'INVALID_REQUEST' })
    expect(refused.text).toContain('not built yet')
  })

  test('delegates are listed for the scopes they can serve', async () => {
    const owner = createPool({ url: core.database.url('delegate-service'), applicationName: 'test', max: 1 })
    const insert = (accountId: string, name: string, org: string | null) =>
      owner.query(
        `insert into delegates (account_id, id, name, tags, org_identifier, state, token_id, identity_key, sealing_key, version, capabilities, connected)
         values ($1, $2, $3, '{a}', $4, 'enrolled', 't', $2, 's', '1', '{}', true)`,
        [accountId, newId('dlg'), name, org],
      )
    await insert(core.first.accountId, 'everywhere', null)
    await insert(core.first.accountId, 'elsewhere', 'shop')
    await insert(core.second.accountId, 'foreign', null)
    await owner.end()

    const listed = await post('/ng/api/delegate-setup/listDelegates', {}, PROJECT)
    expect(listed.data).toMatchObject({ totalItems: 1, content: [{ name: 'everywhere', connected: true }] })
  })
})

describe('audit', () => {
  test('every change is in the chain, events of other services join it, and tampering is found', async () => {
    const { accountId } = core.first
    const sender = createPool({ url: core.database.url('log-service'), applicationName: 'test', max: 1 })
    const id = newId('aud')
    const event = {
      accountId,
      action: 'OPEN',
      resource: { type: 'log', identifier: 'x' },
      scope: { accountId },
      principal: { type: 'USER', id: 'usr-x', name: 'x' },
      time: Date.now(),
    }
    await transactOn(sender)((tx) =>
      sendMessage(tx, { to: 'ng.inbox', accountId, id, kind: 'audit.event', body: event }),
    )
    await core.deps.queues.wake('ng.inbox', { accountId, id })
    const found = await until(
      async () => {
        const answer = await post('/ng/api/audits/list', { resourceTypes: ['log'] })
        const page = z.object({ content: z.array(z.looseObject({ module: z.string() })) }).parse(answer.data)
        return page.content[0]
      },
      { what: 'the event to arrive' },
    )
    expect(found).toMatchObject({ module: 'log-service', action: 'OPEN' })
    await sender.end()

    const organizations = await post('/ng/api/audits/list', { resourceTypes: ['organization'], actions: ['CREATE'] })
    expect(organizations.data).toMatchObject({ totalItems: 1, content: [{ resource: { identifier: 'shop' } }] })
    const verified = z
      .object({ valid: z.boolean(), sequence: z.number(), hash: z.string() })
      .parse((await get('/ng/api/audits/verify')).data)
    expect(verified.valid).toBe(true)
    await expect(core.deps.pool.query(`update audit_event set action = 'x'`)).rejects.toThrow(/can't be changed/)

    const head = { sequence: String(verified.sequence), hash: verified.hash }
    await post('/ng/api/v2/secrets', secret('after_head', 'some value'))
    expect((await get('/ng/api/audits/verify', head)).data).toMatchObject({ valid: true, headKnown: true })
    const superuser = createPool({ url: core.database.superuserUrl, applicationName: 'test', max: 1 })
    await superuser.query(`set session_replication_role = replica`)
    await superuser.query(`update ng.audit_event set event = event || ' ' where account_id = $1 and sequence = 2`, [
      accountId,
    ])
    await superuser.end()
    expect((await get('/ng/api/audits/verify')).data).toMatchObject({ valid: false, brokenAt: 2 })
  })

  test('changes at the same time keep the chain whole', async () => {
    const other = await core.tokenOf('admin@second.test')
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        post('/ng/api/organizations', { organization: { identifier: `many_${index}`, name: 'x' } }, {}, other),
      ),
    )

    expect(made.map((answer) => answer.status)).toEqual(made.map(() => 200))
    expect((await get('/ng/api/audits/verify', {}, other)).data).toMatchObject({ valid: true })
  })
})

test('a first boot where an account exists changes nothing', async () => {
  expect(await firstBoot(core.deps)).toBeUndefined()
})

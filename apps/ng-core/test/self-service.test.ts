import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { jdbc, PROJECT, secret } from './samples.ts'
import { startNgCore, type TestNgCore } from './start-ng-core.ts'

let core: TestNgCore
let admin: string
beforeAll(async () => {
  core = await startNgCore()
  admin = await core.tokenOf('admin@first.test')
})
afterAll(() => core?.stop())

const get = (path: string, query?: Record<string, string>, token = admin) => core.call('GET', path, { token, query })
const post = (path: string, body: object, query?: Record<string, string>, token = admin) =>
  core.call('POST', path, { token, body, query })

describe('own access', () => {
  const Access = z.object({
    permissions: z.array(z.string()),
    roles: z.array(z.string()),
    rolesByPermission: z.record(z.string(), z.array(z.string())),
    administrators: z.array(z.string()),
  })
  const access = async (token: string, query: Record<string, string> = {}) =>
    Access.parse((await get('/ng/api/acl/mine', query, token)).data)

  test('holds in the scope that is asked for, and says who has what is missing', async () => {
    const viewer = await core.tokenWithRole(admin, 'looks@first.test', [{ role: 'viewer', ...PROJECT }])
    const inProject = await access(viewer, PROJECT)

    expect(inProject.roles).toEqual(['viewer'])
    expect(inProject.permissions).toContain('core_pipeline_view')
    expect(inProject.permissions).not.toContain('core_pipeline_execute')
    expect(inProject.rolesByPermission['core_pipeline_execute']).toEqual(['editor', 'admin'])
    expect(inProject.administrators).toHaveLength(1)
    expect((await access(viewer)).permissions).toEqual([])
    expect((await access(admin, PROJECT)).permissions).toContain('core_user_manage')
  })

  test('a project without its organisation is refused', async () => {
    expect((await get('/ng/api/acl/mine', { projectIdentifier: 'x' })).code).toBe('INVALID_REQUEST')
  })

  test('a refusal says permission, scope, roles and whom to ask', async () => {
    const viewer = await core.tokenWithRole(admin, 'denied@first.test', [{ role: 'viewer' }])
    const denied = await post('/ng/api/connectors', jdbc('x', 'x'), {}, viewer)

    expect(denied.message).toBe(
      '"denied@first.test" lacks the permission "core_connector_edit" in project "default/default_project". Ask an administrator of the account for the role "editor" or "admin" there.',
    )
    expect(denied.text).toContain('"roles":["editor","admin"]')
  })
})

describe('own profile', () => {
  test('the name changes, and nothing else does', async () => {
    const token = await core.tokenWithRole(admin, 'renames@first.test', [{ role: 'viewer' }])
    const body = { user: { name: 'Rena', email: 'x@x.test', roleAssignments: [{ role: 'admin' }], version: 1 } }
    const changed = await core.call('PUT', '/ng/api/user/currentUser', { token, body })

    const roleAssignments = [{ role: 'viewer' }]
    expect(changed.data).toMatchObject({ name: 'Rena', email: 'renames@first.test', roleAssignments })
    expect((await core.call('PUT', '/ng/api/user/currentUser', { token, body })).code).toBe('VERSION_CONFLICT')
    const empty = await core.call('PUT', '/ng/api/user/currentUser', { token, body: { user: { name: ' ' } } })
    expect(empty.code).toBe('INVALID_REQUEST')
  })
})

describe('lists', () => {
  test('connectors are filtered by the result of their last test', async () => {
    await post('/ng/api/v2/secrets', secret('pw', 'sesame-open'))
    await post('/ng/api/connectors', jdbc('works', 'pw'))
    await post('/ng/api/connectors', jdbc('untested', 'pw'))
    await core.deps.prisma.connector.updateMany({ where: { identifier: 'works' }, data: { status: 'SUCCESS' } })
    const list = (statuses: string[]) => post('/ng/api/connectors/listV2', { statuses }, PROJECT)

    expect((await list(['SUCCESS'])).data).toMatchObject({ totalItems: 1 })
    expect((await list(['SUCCESS', 'UNKNOWN'])).data).toMatchObject({ totalItems: 2 })
    expect((await list(['GOOD'])).code).toBe('INVALID_REQUEST')
  })

  test('a secret names the connectors that use it, and only counts those in scopes one has no role in', async () => {
    const { orgIdentifier: _org, projectIdentifier: _project, ...account } = secret('shared', 'sesame-open').secret
    await post('/ng/api/v2/secrets', { secret: account })
    await post('/ng/api/connectors', jdbc('here', 'account.shared'))
    await post('/ng/api/projects', { project: { identifier: 'other', name: 'o' } }, { orgIdentifier: 'default' })
    const elsewhere = jdbc('elsewhere', 'account.shared').connector
    await post('/ng/api/connectors', { connector: { ...elsewhere, projectIdentifier: 'other' } })
    const query = { ...PROJECT, includeAllSecretsAccessibleAtScope: 'true' }
    const used = async (token: string) =>
      (await post('/ng/api/v2/secrets/list', { searchTerm: 'shared' }, query, token)).data

    expect(await used(admin)).toMatchObject({
      content: [{ usedBy: [{ identifier: 'elsewhere' }, { identifier: 'here', ...PROJECT }], usedByCount: 2 }],
    })
    const viewer = await core.tokenWithRole(admin, 'partly@first.test', [{ role: 'viewer', ...PROJECT }])
    expect(await used(viewer)).toMatchObject({ content: [{ usedBy: [{ identifier: 'here' }], usedByCount: 2 }] })
    expect((await get('/ng/api/v2/secrets/pw', PROJECT)).data).toMatchObject({ usedByCount: 2 })
  })

  test('settings say how to ask for them: type, bounds and levels', async () => {
    const { data } = await get('/ng/api/settings')

    expect(data).toContainEqual(
      expect.objectContaining({
        identifier: 'session_idle_minutes',
        name: 'Idle time of a session',
        unit: 'minutes',
        schema: { type: 'integer', minimum: 5, maximum: 10_080 },
        levels: ['account'],
      }),
    )
  })
})

describe('audit', () => {
  const search = (searchTerm: string) => post('/ng/api/audits/list', { searchTerm })

  test('is searched in everything that an event holds, and nothing in the term is a pattern', async () => {
    await post('/ng/api/organizations', { organization: { identifier: 'needle', name: 'a "quoted" 100%_name' } })

    expect((await search('NEEDLE')).data).toMatchObject({ totalItems: 1 })
    expect((await search('"quoted" 100%_n')).data).toMatchObject({ totalItems: 1 })
    expect((await search('quoted_ 100')).data).toMatchObject({ totalItems: 0 })
    expect((await search(core.first.userId)).data).not.toMatchObject({ totalItems: 0 })
    expect((await search(' ')).code).toBe('INVALID_REQUEST')
  })

  test('says what there is to filter by', async () => {
    const { data } = await get('/ng/api/audits/filters')

    expect(data).toMatchObject({
      resourceTypes: expect.arrayContaining(['organization', 'user']),
      principals: expect.arrayContaining([expect.objectContaining({ id: core.first.userId })]),
    })
  })

  test('is downloaded as CSV with the same filters, one line per event, and no cell is a formula', async () => {
    await post('/ng/api/organizations', { organization: { identifier: 'evil', name: '=1+1,"x"' } })
    const csv = await get('/ng/api/audits/export', { resourceTypes: 'organization,project', actions: 'CREATE' })
    const listed = await post('/ng/api/audits/list', {
      resourceTypes: ['organization', 'project'],
      actions: ['CREATE'],
    })

    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(csv.headers['content-disposition']).toContain('audit.csv')
    const lines = csv.text.trimEnd().split('\r\n')
    expect(lines[0]).toMatch(/^sequence,time,action/)
    expect(lines).toHaveLength(1 + z.object({ totalItems: z.number() }).parse(listed.data).totalItems)
    expect(csv.text).toContain(`,"'=1+1,""x""",`)
    expect((await get('/ng/api/audits/export', { actions: 'EXPLODE' })).code).toBe('INVALID_REQUEST')
  })

  test('a download of more than one batch has every event once, newest first', async () => {
    const { accountId } = core.second
    const stranger = await core.tokenOf('admin@second.test')
    const newest = { where: { accountId }, orderBy: { sequence: 'desc' } } as const
    const row = await core.deps.prisma.auditEvent.findFirstOrThrow(newest)
    const copies = Array.from({ length: 1_100 }, (_, index) => ({
      ...row,
      id: `aud-copy-${index}`,
      sequence: row.sequence + BigInt(index + 1),
    }))
    await core.deps.prisma.auditEvent.createMany({ data: copies })
    const lines = (await get('/ng/api/audits/export', {}, stranger)).text.trimEnd().split('\r\n')

    expect(lines).toHaveLength(1 + Number(row.sequence) + 1_100)
  })
})

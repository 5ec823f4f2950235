import {
  createDbInstance,
  createDbSchema,
  deleteDbInstance,
  deleteDbSchema,
  getDbopsOverview,
  getDbInstance,
  getDbSchema,
  listDbInstances,
  listDbSchemas,
  updateDbInstance,
  updateDbSchema,
} from '@sluice/contracts/dbops'
import type { Actor } from '@sluice/service-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instanceInput, onBehalfOf, project, schemaInput, startDbdevops, type Running } from './start-dbdevops.ts'

let running: Running
let editor: Actor
const base = '/dbdevops/v1/orgs/default/projects/shop/dbschema'

beforeAll(async () => {
  running = await startDbdevops()
  editor = await running.person('acc-one', 'editor')
})
afterAll(() => running.stop())

const create = (actor: Actor, identifier: string) =>
  running.client.call(createDbSchema, { params: project, body: schemaInput(identifier) }, { actor })

describe('DB schemas', () => {
  test('a schema is read back as it was created, and a second one with its identifier is refused', async () => {
    const created = await create(editor, 'orders')

    expect(created).toMatchObject({
      identifier: 'orders',
      type: 'Repository',
      schemaSourceType: 'Git',
      instanceCount: 0,
      version: 1,
    })
    expect(
      await running.client.call(getDbSchema, { params: { ...project, schema: 'orders' } }, { actor: editor }),
    ).toEqual(created)
    await expect(create(editor, 'orders')).rejects.toMatchObject({ code: 'DUPLICATE_IDENTIFIER' })
  })

  test('what is not built is refused by name, every problem at once', async () => {
    const refused = running.client.call(
      createDbSchema,
      { params: project, body: { ...schemaInput('later'), migrationType: 'Flyway', usePercona: true } },
      { actor: editor },
    )

    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/Flyway.*usePercona/),
    })
    const script = await running.send(editor, 'POST', base, { ...schemaInput('later'), type: 'Script' })
    expect(script).toMatchObject({ status: 400, body: { message: expect.stringContaining('not built yet') } })
  })

  test('published field rules hold: reserved word, identifier, path, changelog', async () => {
    const bodies = [
      schemaInput('overview'),
      schemaInput('9lives'),
      { ...schemaInput('x'), changelog: { connector: 'a', location: '../etc/passwd' } },
      { ...schemaInput('x'), changelog: undefined },
      { ...schemaInput('x'), changelog: { connector: 'wrong.scope.x', location: 'a.yaml' } },
    ]
    for (const body of bodies) {
      expect(await running.send(editor, 'POST', base, body)).toMatchObject({
        status: 400,
        body: { code: 'INVALID_REQUEST' },
      })
    }
  })

  test('an update keeps what it leaves out, counts the version and refuses a stale one', async () => {
    const { version } = await create(editor, 'stock')
    const params = { ...project, schema: 'stock' }
    const renamed = await running.client.call(
      updateDbSchema,
      { params, body: { name: 'Stock', version } },
      { actor: editor },
    )

    expect(renamed).toMatchObject({ name: 'Stock', version: 2, changelog: { repo: 'shop-db' } })
    await expect(
      running.client.call(updateDbSchema, { params, body: { name: 'Other', version } }, { actor: editor }),
    ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
    await expect(
      running.client.call(updateDbSchema, { params, body: { migrationType: 'Flyway' } }, { actor: editor }),
    ).rejects.toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining("can't become") })
  })

  test('a list is paged with the published headers and searched', async () => {
    const lister = await running.person('acc-list', 'editor')
    for (const identifier of ['alpha', 'beta', 'gamma']) await create(lister, identifier)

    const page = await running.send(lister, 'GET', `${base}?page=1&limit=2&sort=name&order=ASC`)
    expect(page.headers).toMatchObject({ 'x-total-elements': '3', 'x-page-number': '1', 'x-page-size': '2' })
    expect(page.body).toMatchObject([{ identifier: 'gamma' }])
    const found = await running.client.call(
      listDbSchemas,
      { params: project, query: { search_term: 'BET' } },
      { actor: lister },
    )
    expect(found.map(({ identifier }) => identifier)).toEqual(['beta'])
  })

  test('every change is audited, in the same transaction', async () => {
    const auditor = await running.person('acc-audit', 'editor')
    await create(auditor, 'orders')
    const params = { ...project, schema: 'orders' }
    await running.client.call(updateDbSchema, { params, body: { name: 'New' } }, { actor: auditor })
    await expect(create(auditor, 'orders')).rejects.toMatchObject({ code: 'DUPLICATE_IDENTIFIER' })
    await running.client.call(deleteDbSchema, { params }, { actor: auditor })

    expect(await auditActions(running, 'acc-audit')).toEqual(['CREATE orders', 'UPDATE orders', 'DELETE orders'])
  })
})

describe('DB instances', () => {
  test('an instance is created, changed, listed by tags and deleted', async () => {
    await create(editor, 'billing')
    const at = { ...project, schema: 'billing' }
    const tagged = { ...instanceInput('stg'), tags: { env: 'stg' } }
    const created = await running.client.call(createDbInstance, { params: at, body: tagged }, { actor: editor })
    await running.client.call(createDbInstance, { params: at, body: instanceInput('prod') }, { actor: editor })

    expect(created).toMatchObject({ branch: 'main', toOnboard: true, substituteProperties: {}, version: 1 })
    const params = { ...at, instance: 'stg' }
    const changed = await running.client.call(
      updateDbInstance,
      { params, body: { gitTag: 'v1', database: 'tenant_7' } },
      { actor: editor },
    )
    expect(changed).toMatchObject({ gitTag: 'v1', database: 'tenant_7', tags: { env: 'stg' }, version: 2 })
    expect(changed.branch).toBeUndefined()

    const filter = { instanceTags: [{ key: 'env', value: 'stg' }] }
    const list = async (filterType: 'Equals' | 'NotEquals') => {
      const rows = await running.client.call(
        listDbInstances,
        { params: at, body: { ...filter, filterType } },
        { actor: editor },
      )
      return rows.map(({ identifier }) => identifier)
    }
    expect(await list('Equals')).toEqual(['stg'])
    expect(await list('NotEquals')).toEqual(['prod'])

    await running.client.call(deleteDbInstance, { params }, { actor: editor })
    await expect(running.client.call(getDbInstance, { params }, { actor: editor })).rejects.toMatchObject({
      code: 'ENTITY_NOT_FOUND',
    })
  })

  test('exactly one of branch, gitTag and commitSha is asked for', async () => {
    await create(editor, 'refs')
    const bodies = [
      { ...instanceInput('a'), branch: undefined },
      { ...instanceInput('a'), gitTag: 'v1' },
      { ...instanceInput('a'), branch: '<+trigger.branch>' },
      { ...instanceInput('a'), branch: undefined, commitSha: 'abc' },
    ]
    for (const body of bodies) {
      expect(await running.send(editor, 'POST', `${base}/refs/instance`, body)).toMatchObject({ status: 400 })
    }
  })

  test('deleting a schema takes its instances along, and the overview counts what is left', async () => {
    const owner = await running.person('acc-tidy', 'editor')
    await create(owner, 'orders')
    await create(owner, 'stock')
    const at = { ...project, schema: 'orders' }
    await running.client.call(createDbInstance, { params: at, body: instanceInput('stg') }, { actor: owner })
    await running.client.call(deleteDbSchema, { params: at }, { actor: owner })

    expect(await running.client.call(getDbopsOverview, { params: project }, { actor: owner })).toEqual({
      dbSchemaCount: 1,
      dbInstanceCount: 0,
      recentDeployments: [],
    })
  })

  test('the primary instance is one of the schema, and stays while it is primary', async () => {
    await create(editor, 'primary')
    const at = { ...project, schema: 'primary' }
    const setPrimary = () =>
      running.client.call(updateDbSchema, { params: at, body: { primaryDbInstanceId: 'stg' } }, { actor: editor })

    await expect(setPrimary()).rejects.toMatchObject({ code: 'REFERENCE_NOT_FOUND' })
    await running.client.call(createDbInstance, { params: at, body: instanceInput('stg') }, { actor: editor })
    await setPrimary()
    await expect(
      running.client.call(deleteDbInstance, { params: { ...at, instance: 'stg' } }, { actor: editor }),
    ).rejects.toMatchObject({ code: 'ENTITY_IN_USE' })
  })
})

describe('who may', () => {
  test("another account's schema with the same identifier is another one, and what it lacks is 404", async () => {
    const other = await running.person('acc-two', 'admin')
    await create(editor, 'secret_one')

    await expect(
      running.client.call(getDbSchema, { params: { ...project, schema: 'secret_one' } }, { actor: other }),
    ).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND', status: 404 })
    const mine = await create(other, 'secret_one')
    await running.client.call(deleteDbSchema, { params: { ...project, schema: mine.identifier } }, { actor: other })
    await running.client.call(getDbSchema, { params: { ...project, schema: 'secret_one' } }, { actor: editor })
  })

  test('a viewer reads but does not change; a stranger and nobody get nothing', async () => {
    const viewer = await running.person('acc-one', 'viewer')
    const stranger = await running.person('acc-one', 'none')

    expect(await running.send(viewer, 'GET', base)).toMatchObject({ status: 200 })
    expect(await running.send(viewer, 'POST', base, schemaInput('nope'))).toMatchObject({
      status: 403,
      body: { code: 'ACCESS_DENIED' },
    })
    expect(await running.send(stranger, 'GET', base)).toMatchObject({ status: 403 })
    expect(await running.send(onBehalfOf(viewer), 'GET', base)).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED' },
    })
  })

  test('an account without the feature flag is told so', async () => {
    const without = await running.person('acc-one', 'editor', [])
    expect(await running.send(without, 'GET', base)).toMatchObject({ status: 403, body: { code: 'FEATURE_DISABLED' } })
  })

  test('only ng-manager may call', async () => {
    await expect(
      running.clientOf('gateway').then((client) => client.call(listDbSchemas, { params: project }, { actor: editor })),
    ).rejects.toMatchObject({
      message: expect.stringContaining('no edge'),
    })
  })
})

async function auditActions(of: Running, accountId: string): Promise<string[]> {
  const { Client } = await import('pg')
  const client = new Client({ connectionString: of.database.superuserUrl })
  await client.connect()
  const { rows } = await client.query<{ body: { action: string; resource: { identifier: string } } }>(
    `select body from ng.inbox where account_id = $1 order by id`,
    [accountId],
  )
  await client.end()
  return rows.map(({ body }) => `${body.action} ${body.resource.identifier}`)
}

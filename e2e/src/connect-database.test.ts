import {
  baselineInstance,
  getChangeset,
  getMigrationState,
  refreshInstance,
  type DatabaseRequest,
} from '@sluice/contracts/dbops'
import { getConnectorFile, listConnectorBranches, listConnectorFiles } from '@sluice/contracts/scm-requests'
import { expect, test } from 'vitest'
import { signIn, type ApiClient } from './system/api-client.ts'
import { createCustomerDatabase, customerSql } from './system/customer.ts'
import { connectDatabase, connectGit, createInstance, createSchema, PROJECT } from './system/project.ts'
import { createRepository, system } from './system/system.ts'

const PARAMS = { org: 'default', project: 'default_project' }

const CHANGELOG = `--liquibase formatted sql
--changeset ana:1
create table customer (id bigint primary key);
--rollback drop table customer;
--changeset ana:2
create table purchase (id bigint primary key);
`

const refresh = (client: ApiClient, schema: string, instance: string): Promise<DatabaseRequest> =>
  client.call(refreshInstance, { params: { ...PARAMS, schema, instance }, query: { waitSeconds: 30 } })

test(
  'a database is connected without a pipeline: its repository is read, its state seen with read rights only, its baseline set',
  { timeout: 120_000 },
  async () => {
    const client = await signIn(system.first)
    const database = await createCustomerDatabase('wizard')
    await customerSql('wizard', 'create table customer (id bigint primary key)')
    await customerSql('postgres', 'alter role wizard_owner set default_transaction_read_only = on')
    const repository = await createRepository('wizard', { 'db/changelog.sql': CHANGELOG })
    await connectGit(client, 'wizard_git', repository.url)
    await connectGit(client, 'wizard_git_inside', repository.url, true)

    const query = { ...PROJECT, connectorIdentifierRef: 'wizard_git' }
    for (const connectorIdentifierRef of ['wizard_git', 'wizard_git_inside']) {
      const at = { ...query, connectorIdentifierRef }
      const via = connectorIdentifierRef === 'wizard_git' ? 'control-plane' : 'delegate'
      const branches = await client.call(listConnectorBranches, { query: at })
      expect(branches).toMatchObject({ status: 'SUCCESS', via, branches: { items: [{ name: 'main' }] } })
      const folder = await client.call(listConnectorFiles, { query: { ...at, branch: 'main' } })
      expect(folder).toMatchObject({ via, folder: { changelogs: [{ path: 'db/changelog.sql', format: 'sql' }] } })
      const file = await client.call(getConnectorFile, {
        query: { ...at, branch: 'main', filePath: 'db/changelog.sql' },
      })
      expect(file).toMatchObject({ via, file: { content: CHANGELOG } })
    }

    await connectDatabase(client, 'wizard_db', database)
    await createSchema(client, 'wizard', 'wizard_git', 'db/changelog.sql')
    await createInstance(client, 'wizard', 'prod', 'wizard_db')
    const seen = await refresh(client, 'wizard', 'prod')
    expect(seen).toMatchObject({
      status: 'SUCCESS',
      hasHistory: false,
      baselineCount: 2,
      counts: { pending: 2, total: 2 },
    })
    expect(await customerSql('wizard', `select to_regclass('databasechangelog') as history`)).toEqual([
      { history: null },
    ])

    const at = { ...PARAMS, schema: 'wizard' }
    const mark = (expectedCount: number, upTo?: { fileName: string; author: string; id: string }) =>
      client.call(baselineInstance, {
        params: { ...at, instance: 'prod' },
        query: { waitSeconds: 30 },
        body: { expectedCount, upTo },
      })
    const first = { fileName: 'db/changelog.sql', author: 'ana', id: '1' }
    expect(await mark(1, first)).toMatchObject({ status: 'FAILURE', error: { code: 'DATABASE_PRIVILEGE_MISSING' } })
    await customerSql('postgres', 'alter role wizard_owner reset default_transaction_read_only')
    expect(await mark(2, first)).toMatchObject({ status: 'FAILURE', error: { code: 'PLAN_MOVED' } })
    expect(await mark(1, first)).toMatchObject({
      status: 'SUCCESS',
      markedCount: 1,
      counts: { deployed: 1, pending: 1 },
    })

    const state = await client.call(getMigrationState, { params: at, body: {} })
    expect(state.overview).toMatchObject([{ instance: 'prod', counts: { deployed: 1, pending: 1 } }])
    expect(state.changeSets.map(({ instances }) => instances[0]?.provenance.seenBy)).toEqual(['baseline', 'baseline'])
    expect(await client.call(getChangeset, { params: at, query: first })).toMatchObject({
      sql: 'create table customer (id bigint primary key);',
      rollbackSql: 'drop table customer;',
      state: 'deployed',
    })
  },
)

test('a database that is not there is told by phase, and shows on its instance', { timeout: 60_000 }, async () => {
  const client = await signIn(system.first)
  const repository = await createRepository('wizard-away', { 'db/changelog.sql': CHANGELOG })
  await connectGit(client, 'away_git', repository.url)
  await connectDatabase(client, 'away_db', {
    name: 'away',
    jdbcUrl: 'jdbc:postgresql://127.0.0.1:1/away',
    username: 'nobody',
    password: 'a password of nobody',
  })
  await createSchema(client, 'away', 'away_git', 'db/changelog.sql')
  await createInstance(client, 'away', 'prod', 'away_db')
  const seen = await refresh(client, 'away', 'prod')
  expect(seen).toMatchObject({ status: 'FAILURE', error: { code: 'DATABASE_UNREACHABLE' } })
  expect(seen.phases.at(-1)).toMatchObject({ phase: 'tcp', ok: false })
  const { overview } = await client.call(getMigrationState, { params: { ...PARAMS, schema: 'away' }, body: {} })
  expect(overview).toMatchObject([{ lastFailure: { code: 'DATABASE_UNREACHABLE' } }])
})

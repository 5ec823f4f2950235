import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as apiKeys from '@sluice/contracts/api-keys'
import * as pipelines from '@sluice/contracts/pipelines'
import { Client } from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { signIn, type ApiClient } from './system/api-client.ts'
import {
  DEMO_PIPELINE as PIPELINE,
  demoSql as sql,
  git,
  historyOf,
  pushChanges as push,
  STAGES,
} from './system/demo.ts'
import { PROJECT, runToEnd } from './system/project.ts'
import { system } from './system/system.ts'

const { gitUrl, databaseUrls } = system.demo

let client: ApiClient
beforeAll(async () => {
  client = await signIn(system.first)
})

test('the demo comes with one run that has shipped the whole changelog, test data to staging only', async () => {
  const { content } = await client.call(pipelines.listExecutions, {
    query: { ...PROJECT, pipelineIdentifier: PIPELINE },
  })
  expect(content.map(({ runSequence, status }) => [runSequence, status])).toEqual([[1, 'Success']])

  const [staging, production] = await Promise.all(STAGES.map((stage) => historyOf(stage)))
  expect(staging).toHaveLength(16)
  expect(production).toEqual(staging?.filter((id) => !id.startsWith('test-')))
  expect(production).toHaveLength(14)
  const [ada] = await sql('staging', 'select order_total(id)::int as cents from shop_order')
  expect(ada).toEqual({ cents: 2 * (890 + 1190 + 3450) })
  expect(await sql('production', 'select id from customer')).toEqual([])
})

test('the key that made the demo is revoked once its run has ended', async () => {
  const { content } = await client.call(apiKeys.listApiKeys, { query: {} })
  const [key] = content.filter(({ name }) => name === 'Demo of npm start')
  expect(key?.revokedAt).toBeTypeOf('number')
})

test("no service's role and no other owner reaches the demo's databases", async () => {
  const [staging, production] = STAGES.map((stage) => new URL(databaseUrls[stage]))
  const strangers = [...Object.values(system.databaseUrls), databaseUrls.production].map((text) => new URL(text))
  for (const stranger of strangers) {
    stranger.pathname = staging?.pathname ?? ''
    const connecting = new Client({ connectionString: stranger.toString() })
    await expect(connecting.connect(), stranger.username).rejects.toThrow('permission denied for database')
  }
  expect(production?.username).not.toBe(staging?.username)
})

test('whoever changes the changelog, pushes and runs again sees exactly the new changeset run, on both databases', async () => {
  const before = await Promise.all(STAGES.map((stage) => historyOf(stage)))
  await push(
    '006-order-note.sql',
    `--liquibase formatted sql

--changeset ana:order-note labels:orders
alter table shop_order add column note text;
--rollback alter table shop_order drop column note;
`,
  )
  const { status, failures } = await runToEnd(client, PIPELINE)
  expect(failures).toEqual([])
  expect(status).toBe('Success')
  const after = await Promise.all(STAGES.map((stage) => historyOf(stage)))
  expect(after).toEqual(before.map((history) => [...history, 'order-note']))
})

test('a broken changeset fails with its file, line, statement and the database’s message, and nothing half-applied', async () => {
  const before = await Promise.all(STAGES.map((stage) => historyOf(stage)))
  await push(
    '007-vouchers.sql',
    `--liquibase formatted sql

--changeset ana:voucher labels:orders
create table voucher (code text primary key);
create table voucher_use (
  code text references voucher (code)
  order_id bigint references shop_order (id)
);
--rollback drop table voucher_use;
--rollback drop table voucher;
`,
  )
  const { status, nodes } = await runToEnd(client, PIPELINE)
  expect(status).toBe('Failed')
  const failed = nodes.find((node) => node.identifier === 'apply' && node.status === 'FAILED')
  const sentence = failed?.failureInfo?.message ?? ''
  expect(sentence).toContain('db/changes/007-vouchers.sql')
  expect(sentence, 'the line that the database points at').toMatch(/007-vouchers\.sql:7\b/)
  expect(sentence).toContain('syntax error at or near "order_id"')
  expect(sentence).toContain('create table voucher_use')
  expect(sentence).toContain('rolled back whole')

  expect(await Promise.all(STAGES.map((stage) => historyOf(stage)))).toEqual(before)
  for (const stage of STAGES) {
    expect(await sql(stage, `select to_regclass('voucher') as found`)).toEqual([{ found: null }])
    expect(await sql(stage, 'select locked from databasechangeloglock')).toEqual([{ locked: false }])
  }

  await git('revert', '--no-edit', 'HEAD')
  await git('push', '--quiet')
  expect((await runToEnd(client, PIPELINE)).status).toBe('Success')
})

test('nobody without the clone’s token pushes to the demo’s repository', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-stranger-'))
  const stranger = ['-c', `http.sslCAInfo=${system.caFile}`, '-C', folder]
  await git(...stranger, 'clone', '--quiet', gitUrl, '.')
  await expect(git(...stranger, 'push', '--quiet', gitUrl, 'main:stolen')).rejects.toThrow(
    /could not read Username|401/,
  )
  expect(await git('ls-remote', 'origin', 'refs/heads/stolen')).toBe('')
  await rm(folder, { recursive: true, force: true })
})

import {
  createDbInstance,
  createDbSchema,
  deleteDbInstance,
  getChangeset,
  getMigrationState,
  getStepInputs,
  postStepReport,
  type StepInputs,
  type StepReport,
} from '@sluice/contracts/dbops'
import type { ChangesetReport, ChangesetText } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  instanceInput,
  onBehalfOf,
  packed,
  project,
  schemaInput,
  startDbdevops,
  stepReport,
  type Running,
} from './start-dbdevops.ts'

let running: Running
let editor: Actor
let count = 0
const at = { ...project, schema: 'orders' }

beforeAll(async () => {
  running = await startDbdevops()
})
afterAll(() => running.stop())

async function prepare(...instances: string[]): Promise<StepInputs[]> {
  editor = await running.person(`acc-mat${(count += 1)}`, 'editor')
  await running.client.call(createDbSchema, { params: project, body: schemaInput('orders') }, { actor: editor })
  const inputs: StepInputs[] = []
  for (const instance of instances) {
    await running.client.call(createDbInstance, { params: at, body: instanceInput(instance) }, { actor: editor })
    inputs.push(
      await running.client.call(
        getStepInputs,
        { params: project, query: { dbSchema: 'orders', dbInstance: instance } },
        { actor: onBehalfOf(editor) },
      ),
    )
  }
  return inputs
}

const report = (body: StepReport) => running.client.call(postStepReport, { body }, { actor: onBehalfOf(editor) })

const REFRESH = {
  unit: 'status',
  stepType: 'Refresh',
  stepIdentifier: '',
  pipelineIdentifier: '',
  executionId: '',
  nodeExecutionId: '',
  commit: 'c'.repeat(40),
  finishedAt: 2_000_000,
} as const

const matrix = (body: object = {}) =>
  running.client.call(getMigrationState, { params: at, body, query: { limit: 100 } }, { actor: editor })

function changeset(
  id: string,
  status: ChangesetReport['status'],
  more: Partial<ChangesetReport> = {},
): ChangesetReport {
  return { id, author: 'ann', path: 'db/orders_v1.yaml', status, ...more }
}

function text(id: string, sql: string): ChangesetText {
  return {
    id,
    author: 'ann',
    path: 'db/orders_v1.yaml',
    sql,
    truncated: false,
    statementCount: 1,
    rollbackTruncated: false,
    comment: 'why',
    runAlways: false,
    runOnChange: false,
    runInTransaction: true,
    checksum: '9:new',
  }
}

test('the overview counts all changesets of each instance, whatever the filter; a failed look shows beside the last good one', async () => {
  const [stg, prod] = await prepare('stg', 'prod')
  if (stg === undefined || prod === undefined) throw new Error('two instances were made')
  const changesets = [changeset('1', 'deployed'), changeset('2', 'changed'), changeset('3', 'pending')]
  await report(stepReport({ ...stg, ...REFRESH, attemptId: 'tsk-1', changesets }))
  const failure = { code: 'DATABASE_UNREACHABLE', message: 'No answer.', failureTypes: ['Connectivity' as const] }
  await report(
    stepReport({ ...stg, ...REFRESH, attemptId: 'tsk-2', outcome: 'failed', failure, finishedAt: 3_000_000 }),
  )

  const pending = await matrix({ changeSetFilter: { states: ['pending', 'failed'] } })
  expect(pending.changeSets.map(({ changeSet }) => changeSet)).toEqual(['3'])
  expect(pending.overview).toEqual([
    {
      instance: 'stg',
      name: 'stg',
      counts: { total: 3, deployed: 1, pending: 1, changed: 1, failed: 0, unknown: 0, skipped: 0, rolledBack: 0 },
      lastRefreshedAt: 2_000_000,
      lastFailure: { code: 'DATABASE_UNREACHABLE', message: 'No answer.', at: 3_000_000 },
      commit: 'c'.repeat(40),
    },
    { instance: 'prod', name: 'prod', counts: expect.objectContaining({ total: 0 }) },
  ])

  await report(stepReport({ ...stg, ...REFRESH, attemptId: 'tsk-3', changesets, finishedAt: 4_000_000 }))
  expect((await matrix()).overview[0]).toMatchObject({ lastRefreshedAt: 4_000_000 })
  expect((await matrix()).overview[0]?.lastFailure).toBeUndefined()
})

test('a search looks in id, author and file, and takes its characters as they are', async () => {
  const [stg] = await prepare('stg')
  if (stg === undefined) throw new Error('an instance was made')
  const other = { ...changeset('10%', 'pending'), author: 'Bob', path: 'db/users.yaml' }
  await report(stepReport({ ...stg, ...REFRESH, attemptId: 'tsk-4', changesets: [changeset('100', 'pending'), other] }))

  const found = async (searchTerm: string) =>
    (await matrix({ changeSetFilter: { searchTerm } })).changeSets.map(({ changeSet }) => changeSet)
  expect(await found('10')).toEqual(['100', '10%'])
  expect(await found('0%')).toEqual(['10%'])
  expect(await found('bob')).toEqual(['10%'])
  expect(await found('ORDERS_V1')).toEqual(['100'])
  expect(await found('ordersXv1')).toEqual([])
})

test('a refresh that finds what a run left keeps naming the run; what failed and was not changed stays failed', async () => {
  const [stg] = await prepare('stg')
  if (stg === undefined) throw new Error('an instance was made')
  const failed = changeset('2', 'failed', { error: 'no such table', checksum: '9:a' })
  await report(
    stepReport({
      ...stg,
      unit: 'apply',
      stepType: 'DBSchemaApply',
      outcome: 'failed',
      changesets: [changeset('1', 'deployed', { orderExecuted: 1 }), failed],
    }),
  )
  const look = (checksum: string) => [
    changeset('1', 'deployed', { orderExecuted: 1 }),
    changeset('2', 'pending', { checksum }),
  ]
  await report(stepReport({ ...stg, ...REFRESH, attemptId: 'tsk-5', changesets: look('9:a') }))

  const cells = async () => (await matrix()).changeSets.map(({ instances }) => instances[0])
  expect(await cells()).toMatchObject([
    { state: 'deployed', provenance: { seenBy: 'refresh', pipeline: 'ship', planExecutionId: 'pex-1' } },
    { state: 'failed', error: 'no such table', provenance: { source: 'run', planExecutionId: 'pex-1' } },
  ])

  await report(stepReport({ ...stg, ...REFRESH, attemptId: 'tsk-6', changesets: look('9:b'), finishedAt: 3_000_000 }))
  expect((await cells())[1]).toMatchObject({ state: 'pending', provenance: { pipeline: '' } })
  expect((await cells())[1]?.error).toBeUndefined()
})

test('a changeset tells its SQL as the instance gets it; without a text it says what to do', async () => {
  const [stg, prod] = await prepare('stg', 'prod')
  if (stg === undefined || prod === undefined) throw new Error('two instances were made')
  const changesets = [changeset('1', 'changed', { storedChecksum: '8:old' }), changeset('gone', 'unknown')]
  const look = (sql: string) => ({ ...REFRESH, changesets, documents: [packed('texts', [text('1', sql)])] })
  await report(stepReport({ ...stg, attemptId: 'tsk-7', ...look('create table s.a ()') }))
  await report(stepReport({ ...prod, attemptId: 'tsk-8', ...look('create table p.a ()') }))

  const read = (query: object) =>
    running.client.call(
      getChangeset,
      { params: at, query: { fileName: 'db/orders_v1.yaml', author: 'ann', id: '1', ...query } },
      { actor: editor },
    )
  expect(await read({ instance: 'stg' })).toMatchObject({
    sql: 'create table s.a ()',
    instance: 'stg',
    state: 'changed',
    comment: 'why',
    checksum: '9:new',
    storedChecksum: '8:old',
    commit: 'c'.repeat(40),
  })
  expect(await read({ instance: 'prod' })).toMatchObject({ sql: 'create table p.a ()' })
  await expect(read({ id: 'gone' })).rejects.toThrow(/not in the changelog/)
  await expect(read({ id: 'never' })).rejects.toThrow(/Refresh the instance/)
  const path = `/dbdevops/v1/orgs/default/projects/shop/dbschema/orders/changeset?fileName=a&author=b&id=c`
  const stranger = await running.person('acc-stranger', 'none')
  expect(await running.send(stranger, 'GET', path)).toMatchObject({ status: 403 })
  const elsewhere = await running.person('acc-elsewhere', 'editor')
  expect(await running.send(elsewhere, 'GET', path)).toMatchObject({ status: 404 })
  expect(await running.send(editor, 'GET', path.replace('&id=c', ''))).toMatchObject({ status: 400 })
  expect(await running.send({ ...editor, token: undefined }, 'GET', path)).toMatchObject({ status: 401 })
})

test('one changeset is found by its exact key among others whose names hold the same text', async () => {
  const [stg] = await prepare('stg')
  if (stg === undefined) throw new Error('an instance was made')
  const ids = [...Array.from({ length: 120 }, (_, index) => `1${index}`), '1']
  const changesets = ids.map((id) => changeset(id, 'pending'))
  await report(stepReport({ ...stg, ...REFRESH, attemptId: 'tsk-11', changesets }))

  const key = { fileName: 'db/orders_v1.yaml', author: 'ann', id: '1' }
  expect((await matrix({ changeSetFilter: { changeset: key } })).changeSets.map(({ changeSet }) => changeSet)).toEqual([
    '1',
  ])
  expect((await matrix({ changeSetFilter: { changeset: { ...key, author: 'an' } } })).changeSets).toEqual([])
})

test('a changeset that only a deleted instance had leaves the matrix', async () => {
  const [stg, prod] = await prepare('stg', 'prod')
  if (stg === undefined || prod === undefined) throw new Error('two instances were made')
  await report(stepReport({ ...stg, ...REFRESH, attemptId: 'tsk-9', changesets: [changeset('1', 'pending')] }))
  await report(stepReport({ ...prod, ...REFRESH, attemptId: 'tsk-10', changesets: [changeset('2', 'pending')] }))

  expect((await matrix({ instanceFilter: { instances: ['stg'] } })).changeSets).toHaveLength(1)
  await running.client.call(deleteDbInstance, { params: { ...at, instance: 'prod' } }, { actor: editor })
  expect((await matrix()).changeSets.map(({ changeSet }) => changeSet)).toEqual(['1'])
})

import { newId } from '@sluice/contracts/ids'
import { prepareServices } from '@sluice/database/bootstrap'
import { cloneDatabase, makeTestCa, startTestRedis } from '@sluice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDeps, type Deps } from '../src/deps.ts'
import { listExecutions, type ListExecutionsInput } from '../src/modules/execution/list-executions.ts'
import { listPipelines } from '../src/modules/pipeline/list-pipelines.ts'

const scope = { accountId: 'acc-1', orgIdentifier: 'default', projectIdentifier: 'shop' }
/** Run n started at this plus n minutes. */
const FIRST_START = Date.UTC(2026, 0, 1)
const RUNS = 100_000
const PIPELINES = 40

let deps: Deps
let stopStores: () => Promise<unknown>

beforeAll(async () => {
  const [database, ca, redis] = await Promise.all([
    cloneDatabase(prepareServices(['ng-core', 'pipeline-service'])),
    makeTestCa(),
    startTestRedis(),
  ])
  const { certFile, keyFile } = await ca.serviceCertificate('pipeline-service')
  deps = createDeps({
    service: 'pipeline-service',
    http: { host: '127.0.0.1', port: 0 },
    health: { host: '127.0.0.1', port: 0 },
    tls: { certFile, keyFile, caFile: ca.caFile },
    databaseUrl: database.url('pipeline-service'),
    redisUrl: redis.url,
    publicUrl: 'https://sluice.test',
    destinations: { 'ng-manager': 'https://127.0.0.1:1' },
    logLevel: 'silent',
  })
  stopStores = () => Promise.all([redis.stop(), database.drop(), ca.dispose()])
  await deps.pool.query(
    `insert into pipeline (account_id, org_identifier, project_identifier, identifier, name, tags, yaml, last_editor)
     select $1, 'default', 'shop', 'p' || n, case n when 7 then 'Ship the Shop' else 'Pipeline ' || n end, '{}', '', '{}'
       from generate_series(0, $2::int - 1) n where n <> 8`,
    [scope.accountId, PIPELINES],
  )
  // Runs take turns over the pipelines; every tenth failed, the last one runs, Ann started every hundredth.
  await deps.pool.query(
    `insert into execution (account_id, id, org_identifier, project_identifier, pipeline_identifier, pipeline_name,
                            run_sequence, yaml, plan, principal, triggered_by_id, status, started_at, ended_at, unsettled)
     select $1, 'pex-' || lpad(n::text, 26, '0'), 'default', 'shop', 'p' || n % $3::int, 'Pipeline', n / $3::int + 1,
            repeat('x', 500), '{}', jsonb_build_object('type', 'USER', 'id', who, 'name', who), who,
            case when n = $4::int - 1 then 'RUNNING' when n % 10 = 0 then 'FAILED' else 'SUCCEEDED' end,
            to_timestamp($2::float8 / 1000) + n * interval '1 minute',
            to_timestamp($2::float8 / 1000) + n * interval '1 minute', false
       from (select n, case n % 100 when 0 then 'usr-ann' else 'usr-bob' end as who
               from generate_series(0, $4::int - 1) n) runs`,
    [scope.accountId, FIRST_START, PIPELINES, RUNS],
  )
  await deps.pool.query('vacuum analyze execution')
}, 60_000)

afterAll(async () => {
  await deps?.close()
  await stopStores?.()
})

const find = (input: Partial<ListExecutionsInput>) =>
  listExecutions(deps, { scope, pageIndex: 0, pageSize: 20, ...input })

describe('a list of 100,000 executions', () => {
  const cases: [string, Partial<ListExecutionsInput>, number][] = [
    ['whole', {}, RUNS],
    ['on its last page', { pageIndex: RUNS / 20 - 1 }, RUNS],
    ['by one status in the old way', { status: 'Failed' }, RUNS / 10],
    ['by statuses', { statuses: ['Running', 'Failed'] }, RUNS / 10 + 1],
    ['by what runs', { statuses: ['Running', 'Queued'] }, 1],
    ['by pipeline', { pipelineIdentifier: 'p3' }, RUNS / PIPELINES],
    ['by pipeline and status', { pipelineIdentifier: 'p0', statuses: ['Failed'] }, RUNS / PIPELINES],
    ['by who started them', { triggeredById: 'usr-ann' }, RUNS / 100],
    ['by part of a name', { searchTerm: 'THE shop' }, RUNS / PIPELINES],
    ['by part of an identifier of a pipeline that is gone', { searchTerm: 'P8' }, RUNS / PIPELINES],
    ['by number', { searchTerm: '#12' }, PIPELINES],
    ['by a text that is nowhere', { searchTerm: '100% _' }, 0],
    ['by time', { startedAfter: FIRST_START + 60_000, startedBefore: FIRST_START + 180_000 }, 2],
  ]
  test.each(cases)('%s is right, and quick', async (_name, input, total) => {
    const tookMs: number[] = []
    for (let round = 0; round < 7; round += 1) {
      const startedAt = performance.now()
      const page = await find(input)
      tookMs.push(performance.now() - startedAt)
      expect(page.totalItems).toBe(total)
      expect(page.content).toHaveLength(Math.min(20, total))
    }
    // 50 ms on an idle machine; this one shares its cores with other tests.
    expect(tookMs.toSorted((a, b) => a - b)[3]).toBeLessThan(250)
  })

  test('comes newest first, with an id as a search for exactly it', async () => {
    const { content } = await find({ pageSize: 3 })
    expect(content.map(({ startTs }) => startTs)).toEqual([1, 2, 3].map((n) => FIRST_START + (RUNS - n) * 60_000))
    const id = `pex-${'1'.padStart(26, '0')}`
    expect((await find({ searchTerm: id })).content).toMatchObject([{ planExecutionId: id }])
  })

  test('shows nothing of another project or account', async () => {
    for (const other of [
      { ...scope, accountId: newId('acc') },
      { ...scope, projectIdentifier: 'other' },
    ])
      expect((await find({ scope: other, searchTerm: 'p' })).totalItems).toBe(0)
  })
})

test('a list of pipelines names the last ten runs of each, newest first', async () => {
  const { content } = await listPipelines(deps, { scope, pageIndex: 0, pageSize: 100 })
  expect(content).toHaveLength(PIPELINES - 1)
  const last = RUNS / PIPELINES
  for (const { identifier, recentExecutions, lastExecution } of content) {
    expect(
      recentExecutions?.map(({ runSequence }) => runSequence),
      identifier,
    ).toEqual(Array.from({ length: 10 }, (_, index) => last - index))
    expect(recentExecutions?.[0]?.executionId).toBe(lastExecution?.executionId)
  }
})

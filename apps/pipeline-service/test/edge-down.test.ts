import { Principal } from '@sluice/contracts/access'
import { newId } from '@sluice/contracts/ids'
import { prepareServices } from '@sluice/database/bootstrap'
import type { Actor } from '@sluice/service-kit'
import { cloneDatabase, freePort, makeTestCa, startTestRedis } from '@sluice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDeps, type Deps } from '../src/deps.ts'
import { abortExecution } from '../src/modules/execution/abort-execution.ts'
import { ExecutionFeed } from '../src/modules/execution/execution-feed.ts'
import { followExecution } from '../src/modules/execution/follow-execution.ts'
import { loadStored } from '../src/modules/execution/execution-store.ts'
import { settleExecution } from '../src/modules/execution/settle-execution.ts'
import { startExecution } from '../src/modules/execution/start-execution.ts'
import { listPipelines } from '../src/modules/pipeline/list-pipelines.ts'
import { createPipeline } from '../src/modules/pipeline/save-pipeline.ts'
import { removeOld } from '../src/workers/housekeeping.ts'

const YAML = `pipeline:
  identifier: ship
  name: Ship
  orgIdentifier: default
  projectIdentifier: shop
  stages:
    - stage:
        identifier: prod
        name: Prod
        type: Custom
        spec:
          execution:
            steps:
              - step:
                  identifier: apply
                  name: Apply
                  type: DBSchemaApply
                  timeout: 5m
                  spec: { dbSchema: shop, dbInstance: prod }
`
const scope = { accountId: 'acc-1', orgIdentifier: 'default', projectIdentifier: 'shop' }
const actor: Actor = {
  accountId: 'acc-1',
  principal: Principal.parse({ type: 'USER', id: 'usr-ann', name: 'Ann', email: 'ann@example.com' }),
  groups: [],
  accessVersion: 0,
  featureFlags: ['DBOPS_ENABLED'],
  correlationId: newId('req'),
  source: 'token',
}

let deps: Deps
let stopStores: () => Promise<unknown>
const stopping = new AbortController()

beforeAll(async () => {
  const [database, ca, redis, nowhere] = await Promise.all([
    cloneDatabase(prepareServices(['ng-core', 'pipeline-service'])),
    makeTestCa(),
    startTestRedis(),
    freePort(),
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
    // Nobody listens there: the edge is down.
    destinations: { 'ng-manager': `https://127.0.0.1:${nowhere}` },
    logLevel: 'silent',
  })
  stopStores = () => Promise.all([redis.stop(), database.drop(), ca.dispose()])
  await createPipeline(deps, actor, { scope, yaml: YAML })
})

afterAll(async () => {
  stopping.abort(new Error('the test is over'))
  await deps.close()
  await stopStores()
})

async function start(): Promise<string> {
  const { planExecution } = await startExecution(deps, actor, {
    scope,
    pipelineIdentifier: 'ship',
    triggerType: 'MANUAL',
  })
  return planExecution.uuid
}

test(
  'an abort does not wait for an edge that is down, and nothing is submitted after it',
  { timeout: 20_000 },
  async () => {
    const executionId = await start()
    await settleExecution(deps, 'acc-1', executionId, stopping.signal)
    expect(deps.resubmitting.size).toBe(1)

    await abortExecution(deps, actor, scope, executionId)
    await settleExecution(deps, 'acc-1', executionId, stopping.signal)
    await Promise.all(deps.resubmitting.values())

    const stored = await loadStored(deps.prisma, 'acc-1', executionId)
    const steps = [...(stored?.state.nodes.values() ?? [])].filter(({ task }) => task !== null)
    expect(steps).toEqual([
      expect.objectContaining({ stop: expect.objectContaining({ message: expect.stringContaining('Ann') }) }),
    ])
  },
)

test('a step that expired while its execution slept is not submitted any more', { timeout: 20_000 }, async () => {
  const executionId = await start()
  const later: Deps = { ...deps, now: () => Date.now() + 86_400_000 * 30 }
  await deps.prisma.execution.update({
    where: { accountId_id: { accountId: 'acc-1', id: executionId } },
    data: { dueAt: new Date(0) },
  })

  await settleExecution(later, 'acc-1', executionId, stopping.signal)

  expect(deps.resubmitting.size).toBe(0)
  const stored = await loadStored(deps.prisma, 'acc-1', executionId)
  const steps = [...(stored?.state.nodes.values() ?? [])].filter(({ task }) => task !== null)
  expect(steps).toEqual([expect.objectContaining({ stop: expect.anything() })])
})

test('a list of pipelines names the last execution of each', async () => {
  await start()
  const last = await start()
  const page = await listPipelines(deps, { scope, pageIndex: 0, pageSize: 10 })
  expect(page.content.map(({ identifier, lastExecution }) => [identifier, lastExecution?.executionId])).toEqual([
    ['ship', last],
  ])
})

test('a reader gets the execution as it is while Redis is away', { timeout: 20_000 }, async () => {
  const feed = new ExecutionFeed({ redisUrl: `redis://127.0.0.1:${await freePort()}`, onError: () => undefined })
  feed.start()
  const reading = new AbortController()
  const events = await followExecution(deps, feed, scope, await start(), reading.signal)
  for await (const event of events) {
    expect(String(event)).toContain('event: execution')
    break
  }
  reading.abort()
  feed.stop()
})

test('transitions of executions that ended long ago go, those of one that runs stay', async () => {
  const [ended, runs] = [await start(), await start()]
  await deps.prisma.execution.update({
    where: { accountId_id: { accountId: 'acc-1', id: ended } },
    data: { endedAt: new Date() },
  })
  const in100Days: Deps = { ...deps, now: () => Date.now() + 100 * 86_400_000 }

  await removeOld(in100Days, stopping.signal)

  expect(await deps.prisma.nodeTransition.count({ where: { executionId: ended } })).toBe(0)
  expect(await deps.prisma.nodeTransition.count({ where: { executionId: runs } })).toBeGreaterThan(0)
})

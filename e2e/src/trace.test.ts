import { EDGES } from '@sluice/contracts/network'
import { until } from '@sluice/testing'
import { Client } from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { signIn, type ApiClient } from './system/api-client.ts'
import { createCustomerDatabase } from './system/customer.ts'
import {
  connectDatabase,
  connectGit,
  createInstance,
  createPipeline,
  createSchema,
  pipelineYaml,
  runToEnd,
  type Run,
} from './system/project.ts'
import { followLog, logKeysOf } from './system/read-log.ts'
import { edgeOf, edgesOf, readSpans, type Span } from './system/read-trace.ts'
import { createRepository, system } from './system/system.ts'

/** Reading the log is a request of its own: what it crosses is not part of the run. */
const NOT_OF_A_RUN = ['gateway → log-service']

/** The table's row of blobs says that live lines, and blobs where no store is configured, go to Log Service. */
function asWritten({ from, to }: { from: string; to: string }): string {
  return to === 'blob-store' ? `${from} → log-service` : `${from} → ${to}`
}

const LIST_A = EDGES.map((edge) => asWritten(edge))

let run: Run & { executionId: string }
let client: ApiClient
let spans: Span[]
let startedAt: number

beforeAll(async () => {
  const database = await createCustomerDatabase('traced')
  const { url } = await createRepository('traced', {
    'db/changelog.sql': '--liquibase formatted sql\n\n--changeset ana:one\ncreate table one (id int);\n',
  })
  const before = await signIn(system.first)
  await connectGit(before, 'traced_git', url)
  await connectDatabase(before, 'traced', database)
  await createSchema(before, 'traced', 'traced_git', 'db/changelog.sql')
  await createInstance(before, 'traced', 'traced', 'traced')
  await createPipeline(
    before,
    pipelineYaml('traced', [
      { identifier: 'preview', type: 'DBSchemaUpdateSQL', dbSchema: 'traced', dbInstance: 'traced' },
      { identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'traced', dbInstance: 'traced' },
    ]),
  )
  // A key that the gateway has not seen: it has to ask ng-core for the token.
  client = await signIn(system.first)
  startedAt = Date.now()
  run = await runToEnd(client, 'traced')
  for (const key of logKeysOf(run).values()) await followLog(client, key)
  const traceId = await traceIdOf(run.executionId)
  spans = await until(
    async () => {
      const found = (await readSpans()).filter((span) => span.traceId === traceId)
      // The pod is cleaned up, and its last lines are stored, after the run has ended.
      return isConnected(found) && edgesOf(found).length >= LIST_A.length - NOT_OF_A_RUN.length ? found : undefined
    },
    { deadlineMs: 5_000, everyMs: 100, what: 'the last spans' },
  ).catch(async () => (await readSpans()).filter((span) => span.traceId === traceId))
})

async function traceIdOf(executionId: string): Promise<string> {
  const superuser = new Client({ connectionString: system.postgresUrl })
  await superuser.connect()
  try {
    const { rows } = await superuser.query<{ traceparent: string }>(
      'select traceparent from pipeline.execution where id = $1',
      [executionId],
    )
    return rows[0]?.traceparent.split('-')[1] ?? ''
  } finally {
    await superuser.end()
  }
}

function rootsOf(found: readonly Span[]): Span[] {
  const ids = new Set(found.map(({ spanId }) => spanId))
  return found.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId))
}

function isConnected(found: readonly Span[]): boolean {
  return rootsOf(found).length === 1
}

test('the one trace of a run contains exactly the edges of the network table that a run uses', () => {
  expect(run.status).toBe('Success')
  expect(edgesOf(spans)).toEqual(LIST_A.filter((edge) => !NOT_OF_A_RUN.includes(edge)).toSorted())
})

test('it is one tree, whose root is the request that started the run', () => {
  const roots = rootsOf(spans)
  expect(roots.map((span) => [span.process, edgeOf(span)])).toEqual([['gateway', 'ui → gateway']])
})

test('every program of the run has a part in it', () => {
  expect(new Set(spans.map((span) => span.process))).toEqual(
    new Set([
      'gateway',
      'ng-core',
      'pipeline-service',
      'ng-manager',
      'dbdevops-service',
      'scm-service',
      'log-service',
      'delegate-service',
      'delegate',
      'lite-engine',
      'step-container',
    ]),
  )
})

test('what the run did is in this trace only: whatever else happened meanwhile began with another request', async () => {
  const meanwhile = rootsOf(await readSpans()).filter((span) => span.startMs >= startedAt)
  const strays = meanwhile.filter((span) => edgeOf(span) !== 'ui → gateway')
  expect(strays.map(({ process, name, attributes }) => ({ process, name, attributes }))).toEqual([])
})

test('both steps are in it, and nothing in it failed', () => {
  const crossings = (edge: string) => spans.filter((span) => edgeOf(span) === edge).map(({ name }) => name)
  expect(crossings('lite-engine → step-container')).toHaveLength(2)
  expect(crossings('step-container → target-database')).toHaveLength(2)
  expect(spans.filter(({ failed }) => failed).map(({ process, name }) => `${process} ${name}`)).toEqual([])
})

test('reading the log crosses two edges, and nothing the system ever did crosses another than those of the table', async () => {
  const all = await readSpans()
  const reading = all.filter((span) => edgeOf(span) === 'gateway → log-service')
  expect(reading.length).toBeGreaterThan(0)
  for (const { traceId } of reading) {
    const crossed = edgesOf(all.filter((span) => span.traceId === traceId))
    expect(['gateway → log-service', 'gateway → ng-core', 'ui → gateway']).toEqual(expect.arrayContaining(crossed))
  }
  expect(edgesOf(all).filter((edge) => !LIST_A.includes(edge))).toEqual([])
})

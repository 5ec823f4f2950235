import * as pipelines from '@sluice/contracts/pipelines'
import { until } from '@sluice/testing'
import type { Pool } from 'pg'
import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import { PIPELINE, PROJECT } from './project.ts'

const Node = z.object({
  uuid: z.string(),
  identifier: z.string(),
  status: z.string(),
  stepType: z.string(),
  startTs: z.number().nullable(),
  logBaseKey: z.string(),
  failureInfo: z.object({ message: z.string() }).nullable(),
  unitProgresses: z.array(z.object({ unitName: z.string(), startTime: z.number() })),
})
export type Node = z.infer<typeof Node>
const Graph = z.object({ nodeMap: z.record(z.string(), Node) })

/** Steps; stages and groups have a key, and nobody who writes. */
const WITH_LOG = new Set(['InitializePod', 'DBSchemaUpdateSQL', 'DBSchemaApply'])

export interface MeasuredRun {
  executionId: string
  /** Epoch ms of the request, and ms from there. */
  startedAt: number
  /** The answer to "Run". */
  acceptedMs: number
  /** The event stream said that the run is over. */
  succeededMs: number
  /** Every log of it lies in the blob store, too. */
  storedMs: number
  nodes: Node[]
}

/**
 * Runs the pipeline once by REST, follows it by its event stream, and waits until its logs are stored.
 * @param store connected to Sluice's own database: only there is written when a log was stored
 * @throws Error with the failures of a run that does not succeed
 */
export async function runPipeline(client: ApiClient, store: Pool): Promise<MeasuredRun> {
  const startedAt = Date.now()
  const { planExecution } = await client.call(pipelines.executePipeline, {
    params: { identifier: PIPELINE },
    query: PROJECT,
  })
  const acceptedMs = Date.now() - startedAt
  const input = { params: { executionId: planExecution.uuid }, query: PROJECT }
  let succeededAt: number | undefined
  for await (const name of client.events(pipelines.followExecution, input)) {
    if (name === 'end') succeededAt = Date.now()
  }
  if (succeededAt === undefined) throw new Error(`The event stream of ${planExecution.uuid} ended before the run.`)
  const detail = await client.call(pipelines.getExecution, {
    params: { executionId: pipelines.getExecution.params.shape.executionId.parse(planExecution.uuid) },
    query: PROJECT,
  })
  const nodes = Object.values(Graph.parse(detail.executionGraph).nodeMap)
  const failures = nodes.flatMap((node) => node.failureInfo?.message ?? [])
  if (nodes.some((node) => node.status !== 'SUCCEEDED')) {
    throw new Error(`The run ${planExecution.uuid} did not succeed: ${failures.join('; ')}`)
  }
  const keys = nodes.filter(({ stepType }) => WITH_LOG.has(stepType)).map(({ logBaseKey }) => logBaseKey)
  const storedAt = await until(() => readStoredAt(store, keys), {
    what: `the logs of ${planExecution.uuid} to be stored`,
    deadlineMs: 60_000,
    everyMs: 5,
  })
  return {
    executionId: planExecution.uuid,
    startedAt,
    acceptedMs,
    succeededMs: succeededAt - startedAt,
    storedMs: Math.max(succeededAt, storedAt) - startedAt,
    nodes,
  }
}

const Stored = z.object({ count: z.coerce.number(), last: z.date().nullable() })

/** When the last of these logs was stored; undefined while one isn't. */
async function readStoredAt(store: Pool, keys: readonly string[]): Promise<number | undefined> {
  const { rows } = await store.query(
    'select count(*), max(stored_at) as last from log.stream where key = any($1) and stored_at is not null',
    [keys],
  )
  const { count, last } = Stored.parse(rows[0])
  return count === keys.length ? last?.getTime() : undefined
}

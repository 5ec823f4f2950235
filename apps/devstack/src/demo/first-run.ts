import { executePipeline, followExecution } from '@sluice/contracts/pipelines'
import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import { PIPELINE, PROJECT } from './make-entities.ts'

const Detail = z.object({
  pipelineExecutionSummary: z.object({
    status: z.string(),
    failureInfo: z.object({ message: z.string() }).nullish(),
  }),
})

/** How a run ended: `Success`, `Failed`, … and why. */
export interface RunEnd {
  status: string
  reason: string | undefined
}

/** Starts the demo's pipeline. @returns the execution's id. @throws ApiFailure */
export async function startFirstRun(client: ApiClient): Promise<string> {
  const started = await client.call(executePipeline, { params: { identifier: PIPELINE }, query: PROJECT })
  return started.planExecution.uuid
}

/** Waits for a run's end by its event stream. @throws ApiFailure, or Error when the stream breaks off */
export async function followFirstRun(client: ApiClient, executionId: string): Promise<RunEnd> {
  let last: RunEnd | undefined
  for await (const { event, data } of client.events(followExecution, { params: { executionId }, query: PROJECT })) {
    if (event === 'end' && last !== undefined) return last
    if (event !== 'execution') continue
    const { status, failureInfo } = Detail.parse(data).pipelineExecutionSummary
    last = { status, reason: failureInfo?.message }
  }
  throw new Error(`The stream of ${executionId} broke off.`)
}

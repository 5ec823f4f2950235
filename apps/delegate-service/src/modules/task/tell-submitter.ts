import { createHash } from 'node:crypto'
import { isAppError, type Failure } from '@sluice/contracts/errors'
import { newId } from '@sluice/contracts/ids'
import {
  taskEventMessageId,
  TaskKind,
  type DelegateTaskOutput,
  type TaskEvent,
  type TaskOutputRef,
  type TaskResult,
} from '@sluice/contracts/tasks'
import { sendMessage } from '@sluice/database'
import { activeTraceparent, contextOf, withContext } from '@sluice/service-kit/tracing'
import { z } from 'zod'
import type { Deps, Tx } from '../../deps.ts'
import type { Task } from '../../generated/prisma/client.ts'
import { storableJson } from './storable-json.ts'
import { submissionOf } from './task-store.ts'

/** Largest chunk of a stored output. */
const CHUNK_BYTES = 1_048_576

type AfterCommit = () => Promise<void>

/** Puts an event into the submitter's inbox within the caller's transaction, in the trace that the task came in. */
export async function tellSubmitter(
  deps: Deps,
  tx: Tx,
  task: Task,
  event: TaskEvent,
  suffix = '',
): Promise<AfterCommit> {
  const { replyTo, traceparent } = submissionOf(task)
  if (replyTo === undefined) return async () => undefined
  const id = taskEventMessageId(task.id, event.kind) + suffix
  const body = z.record(z.string(), z.unknown()).parse(storableJson(event))
  // Frames of a delegate and what a timer finds out belong to no request; the task does.
  const trace = contextOf(activeTraceparent() ?? traceparent)
  await withContext(trace, () =>
    sendMessage(tx, { to: replyTo, accountId: task.accountId, id, kind: event.kind, body }),
  )
  return () => deps.queues.wake(replyTo, { accountId: task.accountId, id })
}

async function storeOutput(tx: Tx, task: Task, name: TaskOutputRef['name'], content: string): Promise<TaskOutputRef> {
  const bytes = Buffer.from(content, 'utf8')
  const outputId = newId('out')
  for (
    let offset = 0, chunkIndex = 0;
    offset < bytes.length || chunkIndex === 0;
    offset += CHUNK_BYTES, chunkIndex += 1
  ) {
    await tx.taskOutput.create({
      data: {
        accountId: task.accountId,
        outputId,
        chunkIndex,
        taskId: task.id,
        name,
        bytes: Uint8Array.from(bytes.subarray(offset, offset + CHUNK_BYTES)),
      },
    })
  }
  return { name, outputId, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Tells the submitter how a task ended; large outputs are stored in chunks and only referenced. */
export async function tellFinished(
  deps: Deps,
  tx: Tx,
  task: Task,
  output: DelegateTaskOutput,
  delegateName?: string,
): Promise<AfterCommit> {
  const large: TaskOutputRef[] = []
  for (const { name, content } of output.large) large.push(await storeOutput(tx, task, name, content))
  const event = {
    kind: 'task.finished' as const,
    taskId: task.id,
    attemptId: task.attemptId,
    taskKind: TaskKind.parse(task.kind),
    delegateId: task.delegateId ?? undefined,
    delegateName,
    result: output.result,
    large,
    finishedAt: deps.now(),
  }
  try {
    return await tellSubmitter(deps, tx, task, event)
  } catch (error) {
    // Nothing was written yet. Without this the delegate would send the same result for ever.
    if (!isAppError(error) || error.code !== 'BODY_TOO_LARGE') throw error
    const { outcome } = output.result
    const message = `The step ${outcome}, but its outputs are larger than 1 MiB and could not be kept. Look at its log and at the database.`
    const { result } = failedOutput({ code: 'STEP_FAILED', message, failureTypes: ['Unknown'] })
    return tellSubmitter(deps, tx, task, { ...event, result })
  }
}

/** A result that only says why there is none. */
export function failedOutput(failure: Failure): DelegateTaskOutput {
  const result: TaskResult = { outcome: 'failed', failure, outputs: {}, units: [] }
  return { result, large: [] }
}

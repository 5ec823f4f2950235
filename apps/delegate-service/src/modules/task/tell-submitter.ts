import { createHash } from 'node:crypto'
import type { Failure } from '@sluice/contracts/errors'
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
import type { Deps, Tx } from '../../deps.ts'
import type { Task } from '../../generated/prisma/client.ts'
import { submissionOf } from './task-store.ts'

/** Largest chunk of a stored output. */
const CHUNK_BYTES = 1_048_576

type AfterCommit = () => Promise<void>

/** Puts an event into the submitter's inbox within the caller's transaction. */
export async function tellSubmitter(
  deps: Deps,
  tx: Tx,
  task: Task,
  event: TaskEvent,
  suffix = '',
): Promise<AfterCommit> {
  const { replyTo } = submissionOf(task)
  if (replyTo === undefined) return async () => undefined
  const id = taskEventMessageId(task.id, event.kind) + suffix
  await sendMessage(tx, { to: replyTo, accountId: task.accountId, id, kind: event.kind, body: event })
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
  return tellSubmitter(deps, tx, task, {
    kind: 'task.finished',
    taskId: task.id,
    attemptId: task.attemptId,
    taskKind: TaskKind.parse(task.kind),
    delegateId: task.delegateId ?? undefined,
    delegateName,
    result: output.result,
    large,
    finishedAt: deps.now(),
  })
}

/** A result that only says why there is none. */
export function failedOutput(failure: Failure): DelegateTaskOutput {
  const result: TaskResult = { outcome: 'failed', failure, outputs: {}, units: [] }
  return { result, large: [] }
}

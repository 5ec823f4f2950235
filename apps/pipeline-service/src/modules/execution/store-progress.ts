import type { TaskProgress } from '@sluice/contracts/task-progress'
import { nodeIdOfAttempt, noteProgress } from '@sluice/pipeline'
import { lockExecution, recordOf, toJson, type Tx } from './execution-store.ts'

/**
 * Stores how far a running step has come, on its node. It takes its turn with the engine, which reads all nodes before it
 * writes some; but it loads neither the plan nor the other nodes, and the record's version stays.
 * @returns the execution whose followers want to know; undefined where nothing is new
 */
export async function storeProgress(tx: Tx, accountId: string, progress: TaskProgress): Promise<string | undefined> {
  const key = { accountId_id: { accountId, id: nodeIdOfAttempt(progress.attemptId) ?? '' } }
  const node = await tx.nodeExecution.findUnique({ where: key, select: { executionId: true } })
  if (node === null) return undefined
  await lockExecution(tx, accountId, node.executionId)
  const row = await tx.nodeExecution.findUniqueOrThrow({ where: key, select: { record: true } })
  const record = noteProgress(recordOf(row), progress)
  if (record === undefined) return undefined
  await tx.nodeExecution.updateMany({ where: { accountId, id: record.id }, data: { record: toJson(record) } })
  return node.executionId
}

import { AppError } from '@sluice/contracts/errors'
import { loadExecution, type Advance, type ExecutionPlan, type ExecutionState, type NodeRecord } from '@sluice/pipeline'
import type { Execution, Prisma } from '../../generated/prisma/client.ts'

/** What is stored was written by `@sluice/pipeline`; these are the two seams where it is read back. */
export function planOf(execution: Pick<Execution, 'plan'>): ExecutionPlan {
  return execution.plan as unknown as ExecutionPlan
}

function recordOf(row: { record: Prisma.JsonValue }): NodeRecord {
  return row.record as unknown as NodeRecord
}

function toJson(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue
}

export type Tx = Prisma.TransactionClient

export interface LoadedExecution {
  execution: Execution
  plan: ExecutionPlan
  state: ExecutionState
}

/** Loads an execution and all its nodes. Undefined where this account has no such execution. */
export async function loadStored(tx: Tx, accountId: string, executionId: string): Promise<LoadedExecution | undefined> {
  const execution = await tx.execution.findUnique({ where: { accountId_id: { accountId, id: executionId } } })
  if (execution === null) return undefined
  const rows = await tx.nodeExecution.findMany({ where: { accountId, executionId } })
  const plan = planOf(execution)
  return { execution, plan, state: loadExecution(plan, rows.map(recordOf)) }
}

/** Like {@link loadStored}, and no other replica advances the execution until the transaction ends. */
export async function lockStored(tx: Tx, accountId: string, executionId: string): Promise<LoadedExecution | undefined> {
  await tx.$queryRaw`select 1 from execution where account_id = ${accountId} and id = ${executionId} for update`
  return loadStored(tx, accountId, executionId)
}

/** Inserts the nodes of a new execution. */
export async function insertNodes(
  tx: Tx,
  accountId: string,
  executionId: string,
  state: ExecutionState,
): Promise<void> {
  await tx.nodeExecution.createMany({
    data: [...state.nodes.values()].map((record) => ({
      accountId,
      executionId,
      planNodeId: record.planNodeId,
      id: record.id,
      status: record.status,
      version: record.version,
      record: toJson(record),
    })),
  })
}

/** Stores the changed nodes by compare-and-set on their versions, and one immutable row for each transition. */
export async function storeAdvance(tx: Tx, accountId: string, executionId: string, step: Advance): Promise<void> {
  for (const { record, expectedVersion } of step.changed) {
    const { count } = await tx.nodeExecution.updateMany({
      where: { accountId, executionId, planNodeId: record.planNodeId, version: expectedVersion },
      data: { status: record.status, version: record.version, record: toJson(record) },
    })
    if (count !== 1) {
      throw new AppError('INTERNAL', `node "${record.planNodeId}" of ${executionId} was moved by another replica`)
    }
  }
  if (step.transitions.length === 0) return
  await tx.nodeTransition.createMany({
    data: step.transitions.map((transition) => ({
      accountId,
      executionId,
      nodeId: transition.nodeId,
      planNodeId: transition.planNodeId,
      fromStatus: transition.from,
      toStatus: transition.to,
      reason: transition.reason ?? '',
      at: new Date(transition.at),
    })),
  })
}

import { AppError } from '@sluice/contracts/errors'
import { loadExecution, type Advance, type ExecutionPlan, type ExecutionState, type NodeRecord } from '@sluice/pipeline'
import type { Execution, Prisma } from '../../generated/prisma/client.ts'

/** What is stored was written by `@sluice/pipeline`; these are the two seams where it is read back. */
export function planOf(execution: Pick<Execution, 'plan'>): ExecutionPlan {
  return execution.plan as unknown as ExecutionPlan
}

export function recordOf(row: { record: Prisma.JsonValue }): NodeRecord {
  return row.record as unknown as NodeRecord
}

export function toJson(value: unknown): Prisma.InputJsonValue {
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
  const plan = planOf(execution)
  return { execution, plan, state: await loadState(tx, accountId, executionId, plan) }
}

/** The nodes as they are now, of a plan that was loaded before: a plan never changes. */
export async function loadState(
  tx: Tx,
  accountId: string,
  executionId: string,
  plan: ExecutionPlan,
): Promise<ExecutionState> {
  const rows = await tx.nodeExecution.findMany({ where: { accountId, executionId }, select: { record: true } })
  return loadExecution(plan, rows.map(recordOf))
}

/** No other replica changes the execution's nodes until the transaction ends. */
export async function lockExecution(tx: Tx, accountId: string, executionId: string): Promise<void> {
  await tx.$queryRaw`select 1 from execution where account_id = ${accountId} and id = ${executionId} for update`
}

/** Like {@link loadStored}, and no other replica advances the execution until the transaction ends. */
export async function lockStored(tx: Tx, accountId: string, executionId: string): Promise<LoadedExecution | undefined> {
  await lockExecution(tx, accountId, executionId)
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
  if (step.changed.length > 0) await storeChanged(tx, accountId, executionId, step.changed)
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

/** One statement for all nodes of a step: a run's latency is the sum of such round trips. */
async function storeChanged(
  tx: Tx,
  accountId: string,
  executionId: string,
  changed: Advance['changed'],
): Promise<void> {
  const rows = changed.map(({ record, expectedVersion }) => ({
    plan_node_id: record.planNodeId,
    status: record.status,
    version: record.version,
    expected: expectedVersion,
    record,
  }))
  const count = await tx.$executeRaw`
    update node_execution as n set status = c.status, version = c.version, record = c.record
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as c(plan_node_id text, status text, version int, expected int, record jsonb)
     where n.account_id = ${accountId} and n.execution_id = ${executionId}
       and n.plan_node_id = c.plan_node_id and n.version = c.expected`
  if (count !== changed.length) {
    const names = changed.map(({ record }) => `"${record.planNodeId}"`).join(', ')
    throw new AppError('INTERNAL', `one of the nodes ${names} of ${executionId} was moved by another replica`)
  }
}

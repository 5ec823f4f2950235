import {
  advance,
  isExecutionFinished,
  nextDueAt,
  outstandingEffects,
  type ExecutionEvent,
  type ExecutionState,
} from '@sluice/pipeline'
import type { Deps } from '../../deps.ts'
import { lockStored, storeAdvance, type LoadedExecution, type Tx } from './execution-store.ts'
import { publishChange, publishSummary } from './publish-change.ts'

function rootFailure(loaded: LoadedExecution, state: ExecutionState): string | null {
  const root = state.nodes.get(loaded.plan.rootId)
  return root?.failure?.message.slice(0, 4_000) ?? null
}

/**
 * Applies events to an execution inside the caller's transaction: nodes, transitions, status and timers move together.
 * @returns what to run after the commit; undefined where nothing changed.
 */
export async function advanceStored(
  deps: Deps,
  tx: Tx,
  accountId: string,
  executionId: string,
  events: readonly ExecutionEvent[],
): Promise<(() => Promise<void>) | undefined> {
  const loaded = await lockStored(tx, accountId, executionId)
  if (loaded === undefined) return undefined
  let { state } = loaded
  let changed = false
  for (const event of events) {
    const step = advance(loaded.plan, state, event)
    if (step.changed.length > 0) changed = true
    await storeAdvance(tx, accountId, executionId, step)
    state = step.state
  }
  if (!changed) return undefined
  const finished = isExecutionFinished(loaded.plan, state)
  const root = state.nodes.get(loaded.plan.rootId)
  const dueAt = finished ? null : nextDueAt(state)
  const unsettled = outstandingEffects(loaded.plan, state, deps.now()).some((effect) => effect.type !== 'startTimer')
  // Not `update`: that reads the whole row back, plan and YAML included.
  const status = root?.status ?? loaded.execution.status
  const failureMessage = rootFailure(loaded, state)
  await tx.execution.updateMany({
    where: { accountId, id: executionId },
    data: {
      status,
      failureMessage,
      endedAt: finished ? new Date(root?.endedAt ?? deps.now()) : null,
      dueAt: dueAt === null ? null : new Date(dueAt),
      unsettled,
    },
  })
  const { execution } = loaded
  const summaryChanged =
    status !== execution.status ||
    failureMessage !== execution.failureMessage ||
    finished !== (execution.endedAt !== null)
  return async () => {
    // Where no effect waits to be carried out there is nothing to wake up for: the next event moves the run.
    if (unsettled) await deps.queues.wake('pipeline.wake', { accountId, id: executionId })
    await publishChange(deps, accountId, executionId)
    if (summaryChanged) await publishSummary(deps, execution)
    if (dueAt !== null && dueAt > deps.now()) {
      // Named by its time: each move of a long run asks for the same wake-up again.
      const once = `${executionId}-${dueAt}`
      await deps.queues.wake('pipeline.wake', { accountId, id: executionId }, { delayMs: dueAt - deps.now(), once })
    }
  }
}

/** Like {@link advanceStored}, in a transaction of its own. */
export async function advanceExecution(
  deps: Deps,
  accountId: string,
  executionId: string,
  events: readonly ExecutionEvent[],
): Promise<void> {
  const after = await deps.transact((tx) => advanceStored(deps, tx, accountId, executionId, events))
  await after?.()
}

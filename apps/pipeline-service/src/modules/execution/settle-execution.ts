import { Principal } from '@sluice/contracts/access'
import { assertNever } from '@sluice/contracts/errors'
import { cancelStep } from '@sluice/contracts/steps'
import { outstandingEffects, type Effect, type ExecutionEvent, type ExecutionPlan } from '@sluice/pipeline'
import { inSpan } from '@sluice/service-kit/tracing'
import type { Deps } from '../../deps.ts'
import type { Execution } from '../../generated/prisma/client.ts'
import { sendReports } from '../report/send-reports.ts'
import { advanceExecution } from './advance-execution.ts'
import { loadState, loadStored } from './execution-store.ts'
import { submitTask } from './submit-task.ts'

/**
 * Brings one execution to rest: reports finished attempts, acts on timers that passed, and carries out every effect
 * that the stored state still asks for. Everything is idempotent by attempt id and task kind, so a repetition after a
 * crash, or by another replica at the same time, changes nothing.
 */
export async function settleExecution(
  deps: Deps,
  accountId: string,
  executionId: string,
  signal: AbortSignal,
): Promise<void> {
  const first = await loadStored(deps.prisma, accountId, executionId)
  if (first === undefined) return
  const { execution, plan } = first
  await inSpan('settle execution', { traceparent: execution.traceparent ?? undefined, kind: 'consumer' }, async () => {
    // A plan must have reached DB DevOps before the step that applies it is resolved.
    await sendReports(deps, execution, signal)
    if (execution.dueAt !== null && execution.dueAt.getTime() <= deps.now()) {
      await advanceExecution(deps, accountId, executionId, [{ type: 'nodeDue', at: deps.now() }])
    }
    const principal = Principal.parse(execution.principal)
    const tried = new Set<string>()
    // Read again after each event: what one effect changed may have made the next one wrong.
    while (await carryOutNext(deps, { execution, plan, principal, tried }, signal));
  })
}

/** Carries out effects that this pass has not tried, up to the first one that moves the execution. False: none did. */
async function carryOutNext(
  deps: Deps,
  settling: { execution: Execution; plan: ExecutionPlan; principal: Principal; tried: Set<string> },
  signal: AbortSignal,
): Promise<boolean> {
  const { execution, plan, principal, tried } = settling
  const state = await loadState(deps.prisma, execution.accountId, execution.id, plan)
  for (const effect of outstandingEffects(plan, state, deps.now())) {
    const key = keyOf(effect)
    if (key === undefined || tried.has(key)) continue
    if (signal.aborted) return false
    tried.add(key)
    const event = await carryOut(deps, execution, principal, effect, signal)
    if (event === undefined) continue
    await advanceExecution(deps, execution.accountId, execution.id, [event])
    return true
  }
  return false
}

/** What is carried out once in a pass. Undefined where there is nothing to do. */
function keyOf(effect: Effect): string | undefined {
  return 'attemptId' in effect ? `${effect.type}/${effect.attemptId}/${effect.taskKind}` : undefined
}

async function carryOut(
  deps: Deps,
  execution: Execution,
  principal: Principal,
  effect: Effect,
  signal: AbortSignal,
): Promise<ExecutionEvent | undefined> {
  switch (effect.type) {
    case 'submitTask':
      return submitTask(deps, { execution, principal, effect }, signal)
    case 'cancelTask':
      await cancelTask(deps, execution, principal, effect, signal)
      return undefined
    // Timers are the execution's `due_at`: stored, woken by a delayed job, found by the reconciler.
    case 'startTimer':
    case 'executionFinished':
      return undefined
    default:
      return assertNever(effect)
  }
}

/** Asks for the task's end. The engine's grace timer decides if no answer ever comes. */
async function cancelTask(
  deps: Deps,
  execution: Execution,
  principal: Principal,
  effect: Extract<Effect, { type: 'cancelTask' }>,
  signal: AbortSignal,
): Promise<void> {
  if (effect.taskId === null) return
  try {
    await deps.client.call(
      cancelStep,
      { params: { attemptId: effect.attemptId }, body: { taskId: effect.taskId, reason: effect.reason } },
      { onBehalfOf: { accountId: execution.accountId, principal }, correlationId: execution.id, signal },
    )
  } catch (error) {
    deps.logger.warn(
      { err: error, executionId: execution.id, attemptId: effect.attemptId },
      'task not cancelled; tried again',
    )
  }
}

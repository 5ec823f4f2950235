import { evaluate, evaluateCondition, ExpressionError } from '@sluice/expressions'
import { ancestry, hasFailed, lazyScope } from '../context/outputs-context.ts'
import type { PlanNode, StepNode } from '../plan/execution-plan.ts'
import { formatDuration, parseDuration } from '../yaml/duration.ts'
import type { Draft } from './draft.ts'
import { failNode, skipNode } from './finish-node.ts'
import { attemptIdOf } from './node-record.ts'
import { isFailure } from './node-status.ts'
import { selectDelegates } from './select-delegates.ts'
import { STEP_EXECUTORS, type StepStart } from './step-executors.ts'
import { submitStepTask } from './submit-task.ts'

/**
 * Starts a queued node, or skips it, or fails it when its condition, timeout or parameters can't be resolved. A group,
 * stage or pipeline goes on with its first child; a step hands over its task.
 */
export function startNode(draft: Draft, planNodeId: string): void {
  const node = draft.node(planNodeId)
  try {
    const reason = reasonToSkip(draft, node)
    if (reason !== undefined) {
      skipNode(draft, planNodeId, reason)
      return
    }
    begin(draft, node)
    if (node.kind === 'step') startStep(draft, node)
    else draft.continueWith(planNodeId)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    failNode(draft, planNodeId, { code: 'EXPRESSION_UNRESOLVED', message: error.message, failureTypes: ['Unknown'] })
  }
}

/** Why a node doesn't run; undefined when it does. Throws ExpressionError. */
function reasonToSkip(draft: Draft, node: PlanNode): string | undefined {
  const { when, parentId } = node
  if (parentId === null) return undefined
  if (when === null) {
    // Without a condition a node runs while nothing beside it has failed; not its whole stage, so that the steps of a
    // group that was meant to run after a failure do run.
    const failed = draft.children(parentId).some((sibling) => isFailure(sibling.status))
    return failed ? 'Something before it failed, and it has no "when" that lets it run then.' : undefined
  }
  const scope = when.scope === 'pipeline' ? draft.plan.rootId : stageOf(draft, node)
  const failed = hasFailed(draft.node(scope), draft.nodes, draft.state)
  if (when.status === 'Success' && failed)
    return `It runs only while its ${when.scope} succeeds, and the ${when.scope} has failed.`
  if (when.status === 'Failure' && !failed)
    return `It runs only when its ${when.scope} has failed, and the ${when.scope} has not.`
  if (when.condition === null) return undefined
  const holds = evaluateCondition(when.condition, lazyScope(draft.plan, draft.state, node.id))
  return holds ? undefined : `Its condition is false: ${when.condition.slice(0, 500)}`
}

function stageOf(draft: Draft, node: PlanNode): string {
  return ancestry(draft.nodes, node.id).find((level) => level.kind === 'stage')?.id ?? draft.plan.rootId
}

function begin(draft: Draft, node: PlanNode): void {
  const attempt = draft.record(node.id).attempt + 1
  // The start is noted before the timeout is resolved: a timeout that can't be resolved is a failure of a started node.
  draft.update(node.id, { status: 'RUNNING', attempt, startedAt: draft.at, deadlineAt: null }, 'started')
  const timeoutMs = resolveTimeout(draft, node)
  if (timeoutMs === null) return
  const deadlineAt = draft.at + timeoutMs
  draft.update(node.id, { deadlineAt })
  draft.emit({ type: 'startTimer', nodeId: draft.record(node.id).id, at: deadlineAt })
}

function resolveTimeout(draft: Draft, node: PlanNode): number | null {
  if (node.timeout === null) return null
  const value = evaluate(node.timeout, lazyScope(draft.plan, draft.state, node.id))
  const timeoutMs = typeof value === 'string' ? parseDuration(value) : undefined
  if (timeoutMs !== undefined) return timeoutMs
  throw new ExpressionError(
    'type',
    `The timeout of "${node.identifier}" is ${JSON.stringify(value).slice(0, 200)}, which is not a duration such as 30s, 10m or 1h 30m.`,
    { expression: node.timeout },
  )
}

function startStep(draft: Draft, node: StepNode): void {
  const start: StepStart = { plan: draft.plan, nodes: draft.nodes, state: draft.state }
  const executor = STEP_EXECUTORS[node.stepType]
  const prepared = executor.prepare(node, start)
  const selectors = selectDelegates(node, start)
  const record = draft.record(node.id)
  draft.update(
    node.id,
    {
      status: 'TASK_WAITING',
      spec: prepared.spec,
      task: {
        kind: executor.taskKind,
        attemptId: attemptIdOf(record.id, record.attempt),
        phase: 'submitting',
        taskId: null,
        waitingFor: null,
        selectors,
        previewPlanHash: prepared.previewPlanHash,
        deadlineAt: nearestDeadline(draft, node),
      },
    },
    'waits for a delegate',
  )
  draft.emit(submitStepTask(draft.plan, draft.nodes, draft.state, node, draft.at))
}

/** A step always has a timeout of its own; what is around it may end earlier. */
function nearestDeadline(draft: Draft, node: StepNode): number {
  const deadlines = ancestry(draft.nodes, node.id).flatMap((level) => draft.record(level.id).deadlineAt ?? [])
  return Math.min(...deadlines)
}

/** Sentence for a timeout that passed. */
export function describeTimeout(draft: Draft, node: PlanNode): string {
  const { startedAt, deadlineAt } = draft.record(node.id)
  const kinds = { pipeline: 'pipeline', stage: 'stage', stepGroup: 'step group', step: 'step' } as const
  return `The ${kinds[node.kind]} "${node.name}" ran into its timeout of ${formatDuration((deadlineAt ?? 0) - (startedAt ?? 0))}.`
}

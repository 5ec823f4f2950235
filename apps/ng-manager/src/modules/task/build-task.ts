import { signTask } from '@sluice/service-kit'
import { newId, type Scope } from '@sluice/contracts/ids'
import type { AttemptContext } from '@sluice/contracts/steps'
import { SubmitTask, TaskParameters, type SecretRef, type Selector } from '@sluice/contracts/tasks'
import type { Actor, ServiceIdentity } from '@sluice/service-kit'

/** A signature is looked at when the task is offered; clocks may differ a little. */
const SIGNATURE_GRACE_MS = 600_000

export interface TaskDraft {
  context: AttemptContext
  task: TaskParameters
  secrets: SecretRef[]
  /** Selectors of connectors, behind the context's own. */
  connectorSelectors: Selector[]
  capabilities: string[]
  delegateId?: string
  timeoutMs: number
  queueTimeoutMs: number
  /** False: nobody waits for the result. */
  replies: boolean
}

/** Builds and signs the one task of an attempt and kind. */
export async function buildTask(identity: ServiceIdentity, actor: Actor, draft: TaskDraft): Promise<SubmitTask> {
  const taskId = newId('tsk')
  const { context } = draft
  const scope: Scope = context.scope
  // What is signed is what travels: parsed, with its defaults, without what JSON leaves out.
  const task = TaskParameters.parse(JSON.parse(JSON.stringify(TaskParameters.parse(draft.task))))
  const signature = await signTask(identity, {
    taskId,
    accountId: scope.accountId,
    task,
    secrets: draft.secrets,
    lifetimeMs: draft.timeoutMs + draft.queueTimeoutMs + SIGNATURE_GRACE_MS,
  })
  return SubmitTask.parse({
    taskId,
    accountId: scope.accountId,
    scope,
    attemptId: context.attemptId,
    task,
    secrets: draft.secrets,
    selectors: uniqueSelectors([...context.selectors, ...draft.connectorSelectors]),
    capabilities: draft.capabilities,
    delegateId: draft.delegateId,
    timeoutMs: draft.timeoutMs,
    queueTimeoutMs: draft.queueTimeoutMs,
    replyTo: draft.replies ? 'pipeline.inbox' : undefined,
    principal: actor.principal,
    signatures: [signature],
  })
}

/** Each selector once, with the first origin that asks for it. */
function uniqueSelectors(selectors: readonly Selector[]): Selector[] {
  const bySelector = new Map<string, Selector>()
  for (const selector of selectors) {
    if (!bySelector.has(selector.selector)) bySelector.set(selector.selector, selector)
  }
  return [...bySelector.values()]
}

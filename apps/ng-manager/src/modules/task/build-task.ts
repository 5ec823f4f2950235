import { signTask } from '@sluice/service-kit'
import { newId, type Scope } from '@sluice/contracts/ids'
import { SubmitTask, TaskParameters, type SecretRef, type Selector } from '@sluice/contracts/tasks'
import type { Actor, ServiceIdentity } from '@sluice/service-kit'

/** A signature is looked at when the task is offered; clocks may differ a little. */
const SIGNATURE_GRACE_MS = 600_000

export interface TaskDraft {
  /** Absent: a new one. */
  taskId?: string
  /** Of a step: its attempt; of a request without a run there is only the task. */
  context: { scope: Scope; attemptId: string; selectors: readonly Selector[] }
  task: TaskParameters
  secrets: SecretRef[]
  /** Selectors of connectors, behind the context's own. */
  connectorSelectors: Selector[]
  capabilities: string[]
  delegateId?: string
  timeoutMs: number
  queueTimeoutMs: number
  /** Inbox that gets the result; absent: nobody waits for it. */
  replyTo?: SubmitTask['replyTo']
}

/** Builds and signs the one task of an attempt and kind. */
export async function buildTask(identity: ServiceIdentity, actor: Actor, draft: TaskDraft): Promise<SubmitTask> {
  const taskId = draft.taskId ?? newId('tsk')
  const { context } = draft
  const { scope } = context
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
    replyTo: draft.replyTo,
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

import { newId, type Scope } from '@sluice/contracts/ids'
import type { SecretRef, Selector, TaskParameters } from '@sluice/contracts/tasks'
import { sendMessage } from '@sluice/database'
import { recordAudit, type Actor, type RecordAuditInput } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import type { DirectRequest } from '../../generated/prisma/client.ts'
import { readQueueTimeout } from '../setting/queue-timeout.ts'
import { buildTask } from '../task/build-task.ts'
import { taskMessageId } from '../task/send-task.ts'
import type { DirectKind } from './direct-request.ts'

/** Added to the time that a task may take before its result is no longer expected. */
const RESULT_GRACE_MS = 60_000

export interface RequestDraft {
  kind: DirectKind
  scope: Scope
  /** Of a database request. */
  subject?: { dbSchema: string; dbInstance: string; schemaId: string; instanceId: string }
  task: TaskParameters
  secrets: SecretRef[]
  selectors: Selector[]
  timeoutMs: number
  audit?: Omit<RecordAuditInput, 'actor'>
}

type StartDeps = Pick<Deps, 'prisma' | 'identity' | 'queues' | 'pool'>

/** Stores a request and queues its delegate task, in one transaction; the result comes to `ngm.inbox`. */
export async function startRequest(deps: StartDeps, actor: Actor, draft: RequestDraft): Promise<DirectRequest> {
  const { accountId } = actor
  const { scope, kind, subject, timeoutMs } = draft
  const queueTimeoutMs = await readQueueTimeout(deps, scope)
  const taskId = newId('tsk')
  const task = await buildTask(deps.identity, actor, {
    taskId,
    context: { scope, attemptId: taskId, selectors: [] },
    task: draft.task,
    secrets: draft.secrets,
    connectorSelectors: draft.selectors,
    capabilities: [`task:${draft.task.kind}`],
    timeoutMs,
    queueTimeoutMs,
    replyTo: 'ngm.inbox',
  })
  const messageId = taskMessageId(taskId, draft.task.kind)
  const { row, auditId } = await deps.prisma.$transaction(async (tx) => {
    const created = await tx.directRequest.create({
      data: {
        accountId,
        id: taskId,
        kind,
        orgIdentifier: scope.orgIdentifier,
        projectIdentifier: scope.projectIdentifier,
        schemaIdentifier: subject?.dbSchema,
        instanceIdentifier: subject?.dbInstance,
        schemaId: subject?.schemaId,
        instanceId: subject?.instanceId,
        principal: actor.principal,
        status: 'RUNNING',
        deadline: new Date(Date.now() + timeoutMs + queueTimeoutMs + RESULT_GRACE_MS),
      },
    })
    await sendMessage(tx, { to: 'delegate.inbox', accountId, id: messageId, kind: 'task.submit', body: { ...task } })
    const audited = draft.audit === undefined ? undefined : await recordAudit(tx, { ...draft.audit, actor })
    return { row: created, auditId: audited }
  })
  await deps.queues.wake('delegate.inbox', { accountId, id: messageId })
  if (auditId !== undefined) await deps.queues.wake('ng.inbox', { accountId, id: auditId })
  return row
}

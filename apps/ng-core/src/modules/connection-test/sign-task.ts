import { createHash } from 'node:crypto'
import type { TaskParameters } from '@sluice/contracts/tasks'
import { signAsService, type ServiceIdentity } from '@sluice/service-kit'
import { canonicalJson } from '../audit/canonical-json.ts'

/** Audience of a task's signature, as every submitter signs. */
const TASK_SIGNATURE_AUDIENCE = 'delegate-task'

/** Signs that these parameters are what ng-core asked for in this task. */
export async function signTask(
  identity: ServiceIdentity,
  task: { taskId: string; accountId: string; task: TaskParameters; lifetimeMs: number },
): Promise<string> {
  const sha256 = createHash('sha256').update(canonicalJson(task.task.parameters)).digest('hex')
  return signAsService(identity, {
    audience: TASK_SIGNATURE_AUDIENCE,
    subject: task.taskId,
    claims: { accountId: task.accountId, kind: task.task.kind, sha256 },
    expiresInS: Math.ceil(task.lifetimeMs / 1000),
  })
}

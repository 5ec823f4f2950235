import { createHash } from 'node:crypto'
import type { TaskParameters } from '@sluice/contracts/tasks'
import { canonicalJson } from './canonical-json.ts'
import type { ServiceIdentity } from './identity.ts'
import { signAsService } from './tokens.ts'

/** Audience of a task's signature. */
export const TASK_SIGNATURE_AUDIENCE = 'delegate-task'

/** SHA-256, hex, over the canonical JSON of a task's parameters. */
export function hashParameters(task: TaskParameters): string {
  return createHash('sha256').update(canonicalJson(task.parameters)).digest('hex')
}

/** Signs that these parameters are what this service asked for in this task. */
export async function signTask(
  identity: ServiceIdentity,
  task: { taskId: string; accountId: string; task: TaskParameters; lifetimeMs: number },
): Promise<string> {
  return signAsService(identity, {
    audience: TASK_SIGNATURE_AUDIENCE,
    subject: task.taskId,
    claims: { accountId: task.accountId, kind: task.task.kind, sha256: hashParameters(task.task) },
    expiresInS: Math.ceil(task.lifetimeMs / 1000),
  })
}

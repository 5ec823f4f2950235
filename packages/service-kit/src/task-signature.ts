import { createHash } from 'node:crypto'
import { AppError, isAppError } from '@sluice/contracts/errors'
import type { ServiceName } from '@sluice/contracts/network'
import type { SecretRef, SubmitTask, TaskKind, TaskParameters } from '@sluice/contracts/tasks'
import { canonicalJson } from './canonical-json.ts'
import type { ServiceIdentity } from './identity.ts'
import { signAsService, verifyServiceToken } from './tokens.ts'

/** Audience of a task's signature. */
const TASK_SIGNATURE_AUDIENCE = 'delegate-task'

/** Who may ask for a task of a kind. */
const TASK_ISSUERS: Readonly<Record<TaskKind, ServiceName>> = {
  'pod.init': 'ng-manager',
  'pod.execute': 'ng-manager',
  'pod.cleanup': 'ng-manager',
  'connection.test': 'ng-core',
  'db.status': 'ng-manager',
  'db.baseline': 'ng-manager',
  'scm.call': 'ng-manager',
}

/** SHA-256, hex, over the canonical JSON of what a task does and which secrets it may have opened. */
function hashTask(task: TaskParameters, secrets: readonly SecretRef[]): string {
  return createHash('sha256')
    .update(canonicalJson({ parameters: task.parameters, secrets }))
    .digest('hex')
}

/** Signs that these parameters and secrets are what this service asked for in this task. */
export async function signTask(
  identity: ServiceIdentity,
  task: {
    taskId: string
    accountId: string
    task: TaskParameters
    secrets: readonly SecretRef[]
    lifetimeMs: number
  },
): Promise<string> {
  return signAsService(identity, {
    audience: TASK_SIGNATURE_AUDIENCE,
    subject: task.taskId,
    claims: { accountId: task.accountId, kind: task.task.kind, sha256: hashTask(task.task, task.secrets) },
    expiresInS: Math.ceil(task.lifetimeMs / 1000),
  })
}

/**
 * Sees that the service that may ask for such a task signed exactly this one: its id, account, kind, parameters and
 * secrets.
 * @throws AppError TASK_REJECTED with the reason
 */
export async function verifyTaskSignature(
  identity: Pick<ServiceIdentity, 'credentials'>,
  submission: Pick<SubmitTask, 'taskId' | 'accountId' | 'task' | 'secrets' | 'signatures'>,
): Promise<void> {
  const { taskId, accountId, task, secrets, signatures } = submission
  const issuer = TASK_ISSUERS[task.kind]
  const sha256 = hashTask(task, secrets)
  const reasons: string[] = []
  for (const token of signatures) {
    try {
      const claims = await verifyServiceToken({ identity, token, issuer, audience: TASK_SIGNATURE_AUDIENCE })
      const isThis =
        claims['sub'] === taskId &&
        claims['accountId'] === accountId &&
        claims['kind'] === task.kind &&
        claims['sha256'] === sha256
      if (isThis) return
      reasons.push('it was signed for another task, or changed since')
    } catch (error) {
      if (!isAppError(error)) throw error
      reasons.push(error.code === 'EXPIRED_TOKEN' ? 'its signature has expired' : `it is not signed by ${issuer}`)
    }
  }
  throw new AppError(
    'TASK_REJECTED',
    `The task "${taskId}" was not accepted: ${reasons.at(-1) ?? 'it carries no signature'}. Run the step again; if it stays, somebody else writes tasks, so look at delegate.inbox.`,
    { context: { accountId, kind: task.kind } },
  )
}

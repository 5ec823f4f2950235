import { newId } from '@sluice/contracts/ids'
import { AppError, isAppError } from '@sluice/contracts/errors'
import type { SubmitTask } from '@sluice/contracts/tasks'
import type { OpenedSecret, SecretWanted } from '@sluice/delegate-protocol'
import { unwrapDataKey } from '@sluice/secrets/envelope'
import { sealDataKey } from '@sluice/secrets/sealing'
import { recordAudit, verifyTaskSignature } from '@sluice/service-kit'
import { EDGE_FROM, EDGE_TO, inSpan } from '@sluice/service-kit/tracing'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { submissionOf } from '../task/task-store.ts'

const SecretRecord = z.object({
  scope: z.string(),
  keyId: z.string(),
  wrappedDataKey: z.string(),
  iv: z.string(),
  ciphertext: z.string(),
  tag: z.string(),
})

export interface OpenSecretsInput {
  accountId: string
  delegateId: string
  taskId: string
  secrets: readonly SecretWanted[]
}

/**
 * Re-seals data keys to the delegate that holds the task, only of secrets that the task's row names. Values stay
 * encrypted here; they appear first in the delegate. Audited.
 * @throws AppError SECRET_NOT_OPENED that says why.
 */
export async function openSecrets(deps: Deps, input: OpenSecretsInput): Promise<OpenedSecret[]> {
  const { accountId, delegateId, taskId } = input
  const task = await deps.prisma.task.findUnique({ where: { accountId_id: { accountId, id: taskId } } })
  if (task === null || task.delegateId !== delegateId || (task.state !== 'granted' && task.state !== 'running')) {
    throw new AppError(
      'SECRET_NOT_OPENED',
      `Task "${taskId}" is not held by this delegate, so its secrets stay closed. Run the step again.`,
    )
  }
  const submission = submissionOf(task)
  const { traceparent } = submission
  const attributes = { [EDGE_FROM]: 'delegate', [EDGE_TO]: 'delegate-service' }
  return inSpan('secret.open', { traceparent, kind: 'consumer', attributes }, () => openNamed(deps, input, submission))
}

async function openNamed(deps: Deps, input: OpenSecretsInput, submission: SubmitTask): Promise<OpenedSecret[]> {
  const { accountId, delegateId, taskId } = input
  const delegate = await deps.prisma.delegate.findUniqueOrThrow({
    where: { accountId_id: { accountId, id: delegateId } },
  })
  try {
    // The row names the secrets; that somebody wrote it is no reason to believe it.
    await verifyTaskSignature(deps.identity, submission)
  } catch (cause) {
    await audit(deps, input, submission, { action: 'DENIED', delegateName: delegate.name })
    if (!isAppError(cause)) throw cause
    throw new AppError('SECRET_NOT_OPENED', `Its secrets stay closed. ${cause.message}`, { cause })
  }
  const opened: OpenedSecret[] = []
  for (const { secretId, version } of input.secrets) {
    if (!submission.secrets.some((named) => named.secretId === secretId && named.version === version)) {
      await audit(deps, input, submission, { action: 'DENIED', delegateName: delegate.name })
      throw new AppError('SECRET_NOT_OPENED', `Task "${taskId}" does not name the secret "${secretId}".`)
    }
    const { rows } = await deps.pool.query(
      `select scope, key_id as "keyId", wrapped_data_key as "wrappedDataKey", iv, ciphertext, tag
         from ng.secret_records where account_id = $1 and secret_id = $2 and version = $3`,
      [accountId, secretId, version],
    )
    const [record] = z.array(SecretRecord).parse(rows)
    if (record === undefined) {
      throw new AppError(
        'SECRET_NOT_OPENED',
        `Version ${version} of secret "${secretId}" is gone. It was deleted or replaced after the step was queued; run the step again.`,
      )
    }
    const address = { accountId, scope: record.scope, id: secretId, version }
    const dataKey = await unwrapDataKey(deps.kek, address, record)
    const sealedKey = await sealDataKey(dataKey, delegate.sealingKey, { taskId, secretId, version }).finally(() =>
      dataKey.fill(0),
    )
    const { scope, iv, ciphertext, tag } = record
    opened.push({ secretId, version, scope, iv, ciphertext, tag, sealedKey })
  }
  await audit(deps, input, submission, { action: 'OPEN', delegateName: delegate.name })
  return opened
}

/** Recorded before the answer leaves: what is not audited is not opened. */
async function audit(
  deps: Deps,
  input: OpenSecretsInput,
  submission: SubmitTask,
  event: { action: 'OPEN' | 'DENIED'; delegateName: string },
): Promise<void> {
  const { accountId, delegateId, taskId } = input
  const auditId = await recordAudit(deps.pool, {
    actor: { accountId, principal: submission.principal, correlationId: newId('req') },
    action: event.action,
    resource: {
      type: 'SECRET',
      identifier: input.secrets
        .map(({ secretId }) => secretId)
        .join(', ')
        .slice(0, 256),
    },
    scope: submission.scope,
    after: { taskId, delegateId, delegateName: event.delegateName },
  })
  await deps.queues.wake('ng.inbox', { accountId, id: auditId })
}

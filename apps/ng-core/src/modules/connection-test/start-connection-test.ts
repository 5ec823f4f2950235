import { signTask } from '@sluice/service-kit'
import { newId, type Scope } from '@sluice/contracts/ids'
import { resolveSetting } from '@sluice/contracts/settings'
import { SubmitTask, TaskParameters, type SecretRef } from '@sluice/contracts/tasks'
import { sendMessage } from '@sluice/database'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { toConnector } from '../connector/to-connector.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { resolveSecret } from '../secret/resolve-secret.ts'
import { readSettingRows } from '../setting/read-setting-rows.ts'
import { buildConnectionTest } from './build-connection-test.ts'

/** A target that doesn't answer within this time is unreachable for all who wait. */
const TEST_TIMEOUT_MS = 60_000
/** Added to the time that a task may take before ng-core stops to expect its result. */
const RESULT_GRACE_MS = 30_000

type StartDeps = Pick<Deps, 'prisma' | 'identity' | 'queues' | 'access'>

/**
 * Queues a delegate task that tries a connector.
 * @returns the id of the test
 * @throws AppError ENTITY_NOT_FOUND, REFERENCE_NOT_FOUND, INVALID_REQUEST, ACCESS_DENIED without core_secret_access
 */
export async function startConnectionTest(
  deps: StartDeps,
  actor: Actor,
  scope: Scope,
  identifier: string,
): Promise<string> {
  const { accountId } = actor
  const row = await deps.prisma.connector.findFirst({ where: { ...scopeColumns(scope), identifier } })
  if (row === null) throw notFound('connector', identifier, scope)
  const plan = buildConnectionTest(toConnector(row).connector)
  const secrets: SecretRef[] = []
  if (plan.secret !== undefined) {
    const { name, reference, path } = plan.secret
    const secret = await resolveSecret(deps.prisma, reference, scope, path)
    // A test makes a delegate open it, at an address that an editor of the connector chose.
    await deps.access.require(actor, 'core_secret_access', secret.scope)
    secrets.push({ name, secretId: secret.id, version: secret.version })
  }
  const settings = await readSettingRows(deps.prisma, accountId)
  const queueTimeoutMs = resolveSetting(settings, 'delegate_queue_timeout_seconds', scope) * 1_000
  const taskId = newId('tsk')
  // What is signed is what travels: parsed, with its defaults, without what JSON leaves out.
  const task = TaskParameters.parse(
    JSON.parse(JSON.stringify({ kind: 'connection.test', parameters: plan.parameters })),
  )
  const lifetimeMs = TEST_TIMEOUT_MS + queueTimeoutMs + RESULT_GRACE_MS
  const signature = await signTask(deps.identity, { taskId, accountId, task, secrets, lifetimeMs })
  const submission: SubmitTask = SubmitTask.parse({
    taskId,
    accountId,
    scope,
    attemptId: taskId,
    task,
    secrets,
    selectors: plan.selectors.map((selector) => ({ selector, origin: 'connector' as const })),
    capabilities: ['task:connection.test'],
    timeoutMs: TEST_TIMEOUT_MS,
    queueTimeoutMs,
    replyTo: 'ng.inbox',
    principal: actor.principal,
    signatures: [signature],
  })
  const messageId = `${taskId}.connection.test`
  await deps.prisma.$transaction(async (tx) => {
    await tx.connectionTest.create({
      data: {
        accountId,
        id: taskId,
        connectorId: row.id,
        connectorVersion: row.version,
        deadline: new Date(Date.now() + lifetimeMs),
      },
      select: { id: true },
    })
    await sendMessage(tx, { to: 'delegate.inbox', accountId, id: messageId, kind: 'task.submit', body: submission })
    await appendAudit(tx, actor, {
      action: 'TEST',
      resource: { type: 'connector', identifier, name: row.name },
      scope,
      after: { testId: taskId },
    })
  })
  await deps.queues.wake('delegate.inbox', { accountId, id: messageId })
  return taskId
}

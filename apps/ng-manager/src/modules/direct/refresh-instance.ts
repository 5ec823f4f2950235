import type { Scope } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import type { DirectRequest } from '../../generated/prisma/client.ts'
import { resolveStep } from '../step/resolve-step.ts'
import { asBackground } from './direct-request.ts'
import { startRequest } from './start-request.ts'
import { taskOf } from './task-of.ts'

const REFRESH_TIMEOUT_MS = 180_000

export interface InstanceRef {
  scope: Scope
  dbSchema: string
  dbInstance: string
}

/**
 * Asks a delegate for the state of an instance, by its database's own history. One that is asked for already is answered.
 * @param readSince epoch ms: what a branch stood for then or later will do
 * @throws AppError REFERENCE_NOT_FOUND, CONNECTOR_TYPE_MISMATCH, GIT_REF_NOT_FOUND, ACCESS_DENIED
 */
export async function refreshInstance(
  deps: Deps,
  actor: Actor,
  { scope, dbSchema, dbInstance }: InstanceRef,
  readSince: number,
  signal: AbortSignal,
): Promise<DirectRequest> {
  const resolved = await resolveStep(deps, {
    actor: asBackground(actor),
    context: { scope, readSince },
    step: { dbSchema, dbInstance },
    signal,
  })
  const { schemaId, instanceId } = resolved.inputs
  const running = await deps.prisma.directRequest.findFirst({
    where: { accountId: actor.accountId, instanceId, kind: 'refresh', status: 'RUNNING', deadline: { gt: new Date() } },
  })
  if (running !== null) return running
  return startRequest(deps, actor, {
    kind: 'refresh',
    scope,
    subject: { dbSchema, dbInstance, schemaId, instanceId },
    task: { kind: 'db.status', parameters: { step: taskOf(resolved, { operation: 'status' }) } },
    secrets: resolved.secrets,
    selectors: resolved.selectors,
    timeoutMs: REFRESH_TIMEOUT_MS,
  })
}

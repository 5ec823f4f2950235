import type { BaselineEnd } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import type { DirectRequest } from '../../generated/prisma/client.ts'
import { resolveStep } from '../step/resolve-step.ts'
import { asBackground } from './direct-request.ts'
import type { InstanceRef } from './refresh-instance.ts'
import { startRequest } from './start-request.ts'
import { taskOf } from './task-of.ts'

const BASELINE_TIMEOUT_MS = 300_000

/**
 * Asks a delegate to mark pending changesets of an instance as deployed. Audited.
 * @throws AppError REFERENCE_NOT_FOUND, CONNECTOR_TYPE_MISMATCH, GIT_REF_NOT_FOUND, ACCESS_DENIED
 */
export async function baselineInstance(
  deps: Deps,
  actor: Actor,
  { scope, dbSchema, dbInstance }: InstanceRef,
  confirmed: { expectedCount: number; upTo?: BaselineEnd | undefined },
  signal: AbortSignal,
): Promise<DirectRequest> {
  const resolved = await resolveStep(deps, {
    actor: asBackground(actor),
    context: { scope, readSince: Date.now() },
    step: { dbSchema, dbInstance },
    signal,
  })
  const { schemaId, instanceId, instance } = resolved.inputs
  const { expectedCount, upTo } = confirmed
  return startRequest(deps, actor, {
    kind: 'baseline',
    scope,
    subject: { dbSchema, dbInstance, schemaId, instanceId },
    task: {
      kind: 'db.baseline',
      parameters: { step: taskOf(resolved, { operation: 'baseline', expectedCount, upTo }) },
    },
    secrets: resolved.secrets,
    selectors: resolved.selectors,
    timeoutMs: BASELINE_TIMEOUT_MS,
    audit: {
      action: 'RUN',
      resource: { type: 'DB_INSTANCE', identifier: `${dbSchema}/${dbInstance}`, name: instance.name },
      scope,
      after: { baseline: { expectedCount, upTo: upTo ?? null } },
    },
  })
}

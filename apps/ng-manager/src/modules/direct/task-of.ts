import type { DbOperation, DbStepSpec } from '@sluice/contracts/tasks'
import type { ResolvedStep } from '../step/resolve-step.ts'

/** Milliseconds that a held changelog lock is waited for. */
const LOCK_WAIT_MS = 10_000

/** What the pod gets for an operation on a resolved instance. */
export function taskOf({ inputs, source, target }: ResolvedStep, run: DbOperation): DbStepSpec {
  const { context, labels, substituteProperties: properties } = inputs.instance
  return { run, source, target, filters: { context, labels, properties }, lockWaitMs: LOCK_WAIT_MS }
}

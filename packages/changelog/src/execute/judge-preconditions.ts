import type { Driver } from '@sluice/drivers/driver'
import type { PreparedStep } from '../plan/prepare.ts'
import type { Preconditions } from '../model/change-log.ts'
import { evaluatePreconditions, type Evaluation } from '../precondition/evaluate.ts'

export type PreconditionVerdict = { kind: 'run' } | { kind: 'skip' | 'markRan' | 'halt'; sentence: string }

/** Evaluates a step's preconditions as the database is now, in a READ ONLY transaction of their own. */
export async function judgePreconditions(
  driver: Driver,
  step: PreparedStep,
  signal: AbortSignal | undefined,
): Promise<PreconditionVerdict> {
  const { preconditions } = step.changeSet
  if (preconditions === null) return { kind: 'run' }
  const evaluation = await evaluateReadOnly(driver, preconditions, signal)
  if (evaluation.holds === true) return { kind: 'run' }
  const failed = evaluation.holds === false
  const sentence = (failed ? preconditions.onFailMessage : preconditions.onErrorMessage) ?? evaluation.why
  switch (failed ? preconditions.onFail : preconditions.onError) {
    case 'HALT':
      return { kind: 'halt', sentence }
    case 'CONTINUE':
      return { kind: 'skip', sentence }
    case 'MARK_RAN':
      return { kind: 'markRan', sentence }
    case 'WARN':
      return { kind: 'run' }
  }
}

async function evaluateReadOnly(
  driver: Driver,
  preconditions: Preconditions,
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  await driver.begin({ readOnly: true }, signal)
  try {
    return await evaluatePreconditions(driver, preconditions, signal)
  } finally {
    await driver.rollback()
  }
}

import type { ConnectionPhase } from '@sluice/contracts/tasks'

export type PhaseName = ConnectionPhase['phase']

/** What a delegate tries, in order, of a database and of a repository. */
export const DATABASE_PHASES: readonly PhaseName[] = ['dns', 'tcp', 'tls', 'login', 'privileges']
export const GIT_PHASES: readonly PhaseName[] = ['git']

/** Where a check stands. IDLE: nobody started it yet. */
export type CheckStatus = 'IDLE' | 'RUNNING' | 'SUCCESS' | 'FAILURE'

export type PhaseState = 'passed' | 'failed' | 'running' | 'waiting' | 'notReached'

export interface PhaseRow {
  phase: PhaseName
  state: PhaseState
  durationMs?: number
  message?: string
}

/** One entry per phase: what is told in several parts (a login and its session) counts as one. */
function mergePhases(phases: readonly ConnectionPhase[]): ConnectionPhase[] {
  const merged = new Map<PhaseName, ConnectionPhase>()
  for (const phase of phases) {
    const before = merged.get(phase.phase)
    merged.set(
      phase.phase,
      before === undefined
        ? phase
        : {
            phase: phase.phase,
            ok: before.ok && phase.ok,
            durationMs: before.durationMs + phase.durationMs,
            message: before.ok && !phase.ok ? phase.message : (before.message ?? phase.message),
          },
    )
  }
  return [...merged.values()]
}

/**
 * The rows to show of a check: what was told, then what is still to come. A phase that the target does not have (TLS
 * switched off) is left out as soon as a later one was told; after a failure the rest is "not reached".
 */
export function phaseRows(
  expected: readonly PhaseName[],
  phases: readonly ConnectionPhase[],
  status: CheckStatus,
): PhaseRow[] {
  const told = mergePhases(phases).map(({ phase, ok, durationMs, message }): PhaseRow => ({
    phase,
    state: ok ? 'passed' : 'failed',
    durationMs,
    ...(message === undefined ? {} : { message }),
  }))
  const last = expected.findLastIndex((phase) => told.some((row) => row.phase === phase))
  const left = expected.slice(last + 1)
  if (status === 'SUCCESS') return told
  return [
    ...told,
    ...left.map((phase, index): PhaseRow => ({
      phase,
      state: status === 'FAILURE' ? 'notReached' : status === 'RUNNING' && index === 0 ? 'running' : 'waiting',
    })),
  ]
}

/** Lets the failed phase tell the whole reason where the reason only goes on from the phase's own sentence. */
export function withReason(rows: readonly PhaseRow[], reason: string | undefined): PhaseRow[] {
  return rows.map((row) => {
    const begins = row.message?.replace(/\.$/, '')
    const isSame = row.state === 'failed' && begins !== undefined && reason?.startsWith(begins) === true
    return isSame ? { ...row, message: reason } : row
  })
}

import type { PhaseName } from '../connection/phase-rows.ts'

/** What a delegate does to look at a database, in order. */
export const REFRESH_PHASES: readonly PhaseName[] = [
  'git',
  'dns',
  'tcp',
  'tls',
  'login',
  'privileges',
  'changelog',
  'history',
]
/** The history is read once more after it was written. */
export const BASELINE_PHASES: readonly PhaseName[] = [...REFRESH_PHASES.slice(0, -1), 'baseline', 'history']

/** Short, for a line. */
export const PHASE_NAMES: Record<PhaseName, string> = {
  git: 'repository',
  changelog: 'changelog',
  dns: 'host',
  tcp: 'port',
  tls: 'TLS',
  login: 'login',
  privileges: 'privileges',
  history: 'history',
  baseline: 'baseline',
}

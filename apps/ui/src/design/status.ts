import type { ChangesetState } from '@sluice/contracts/dbops-state'

/** What a status means to the eye. Five tones are all there are. */
export type Tone = 'success' | 'failure' | 'running' | 'waiting' | 'idle'
/** Shape beside the colour: colour alone tells nothing to one reader in twelve. */
export type StatusShape =
  | 'check'
  | 'cross'
  | 'spinner'
  | 'clock'
  | 'dash'
  | 'skip'
  | 'stop'
  | 'question'
  | 'warning'
  | 'back'

export interface StatusLook {
  label: string
  tone: Tone
  shape: StatusShape
}

/** Whether anything can still change. */
export type Phase = 'open' | 'final'

const RUN = {
  QUEUED: { label: 'Not started', tone: 'idle', shape: 'dash', phase: 'open' },
  RUNNING: { label: 'Running', tone: 'running', shape: 'spinner', phase: 'open' },
  TASK_WAITING: { label: 'Waiting for a delegate', tone: 'waiting', shape: 'clock', phase: 'open' },
  APPROVAL_WAITING: { label: 'Waiting for approval', tone: 'waiting', shape: 'clock', phase: 'open' },
  INTERVENTION_WAITING: { label: 'Waiting for a decision', tone: 'waiting', shape: 'clock', phase: 'open' },
  RESOURCE_WAITING: { label: 'Waiting for a resource', tone: 'waiting', shape: 'clock', phase: 'open' },
  PAUSED: { label: 'Paused', tone: 'waiting', shape: 'clock', phase: 'open' },
  DISCONTINUING: { label: 'Aborting', tone: 'waiting', shape: 'spinner', phase: 'open' },
  SUCCEEDED: { label: 'Succeeded', tone: 'success', shape: 'check', phase: 'final' },
  FAILED: { label: 'Failed', tone: 'failure', shape: 'cross', phase: 'final' },
  IGNORE_FAILED: { label: 'Failed, ignored', tone: 'waiting', shape: 'warning', phase: 'final' },
  SKIPPED: { label: 'Skipped', tone: 'idle', shape: 'skip', phase: 'final' },
  ABORTED: { label: 'Aborted', tone: 'idle', shape: 'stop', phase: 'final' },
  EXPIRED: { label: 'Timed out', tone: 'failure', shape: 'clock', phase: 'final' },
  APPROVAL_REJECTED: { label: 'Rejected', tone: 'failure', shape: 'stop', phase: 'final' },
} as const satisfies Record<string, StatusLook & { phase: Phase }>

/** Status of a node of an execution; the one that all maps lead to. */
export type RunStatus = keyof typeof RUN
export const RUN_STATUSES = Object.keys(RUN).filter((key): key is RunStatus => key in RUN)

/** Names that summaries of executions and stages use for the same thing. */
const SUMMARY: Record<string, RunStatus> = {
  Queued: 'QUEUED',
  NotStarted: 'QUEUED',
  Running: 'RUNNING',
  ApprovalWaiting: 'APPROVAL_WAITING',
  InterventionWaiting: 'INTERVENTION_WAITING',
  ResourceWaiting: 'RESOURCE_WAITING',
  Paused: 'PAUSED',
  Discontinuing: 'DISCONTINUING',
  Success: 'SUCCEEDED',
  Failed: 'FAILED',
  IgnoreFailed: 'IGNORE_FAILED',
  Skipped: 'SKIPPED',
  Aborted: 'ABORTED',
  Expired: 'EXPIRED',
  ApprovalRejected: 'APPROVAL_REJECTED',
}

const UNKNOWN: StatusLook & { phase: Phase } = { label: 'Unknown', tone: 'idle', shape: 'question', phase: 'open' }

/** Look of a node's or a summary's status. A status of a newer server is shown by its own name. */
export function runLook(status: string): StatusLook & { phase: Phase } {
  const key = SUMMARY[status] ?? status
  return RUN_STATUSES.some((known) => known === key) ? RUN[key as RunStatus] : { ...UNKNOWN, label: status }
}

/** Whether an execution, stage or step can't change any more. */
export function isFinal(status: string): boolean {
  return runLook(status).phase === 'final'
}

const CHANGESET: Record<ChangesetState, StatusLook & { hint: string }> = {
  deployed: { label: 'Deployed', tone: 'success', shape: 'check', hint: "In the database's history" },
  'ran-now': { label: 'Deployed', tone: 'success', shape: 'check', hint: 'Ran in the last run' },
  pending: { label: 'Pending', tone: 'waiting', shape: 'clock', hint: 'In the changelog, not in the database' },
  failed: { label: 'Failed', tone: 'failure', shape: 'cross', hint: 'The last try ended in an error' },
  'rolled-back': { label: 'Rolled back', tone: 'idle', shape: 'back', hint: 'Was deployed and has been taken back' },
  changed: {
    label: 'Changed since',
    tone: 'failure',
    shape: 'warning',
    hint: 'Its text is no longer what the database ran',
  },
  unknown: {
    label: 'Not in the changelog',
    tone: 'idle',
    shape: 'question',
    hint: 'The database ran it, the changelog does not have it',
  },
  skipped: { label: 'Not selected', tone: 'idle', shape: 'skip', hint: 'Context, label or database leaves it out' },
}

/** Look of a changeset's state in one database. */
export function changesetLook(state: ChangesetState): StatusLook & { hint: string } {
  return CHANGESET[state]
}

/** Ink of a tone, for borders, icons and words. */
export function toneInk(tone: Tone): string {
  return `var(--s-${tone})`
}

import type { Delegate } from '../../api/delegates.ts'
import type { StatusLook } from '../../design/status.ts'

const LOOKS: Record<Delegate['status'], StatusLook> = {
  CONNECTED: { label: 'Connected', tone: 'success', shape: 'check' },
  DRAINING: { label: 'Draining', tone: 'waiting', shape: 'clock' },
  DISCONNECTED: { label: 'Disconnected', tone: 'failure', shape: 'cross' },
  AWAITING_APPROVAL: { label: 'Awaits approval', tone: 'waiting', shape: 'clock' },
  REVOKED: { label: 'Revoked', tone: 'idle', shape: 'stop' },
}

/** Look of a delegate's status. */
export function delegateLook(delegate: Delegate): StatusLook {
  return LOOKS[delegate.status]
}

const ORDER: readonly Delegate['status'][] = ['DISCONNECTED', 'AWAITING_APPROVAL', 'DRAINING', 'CONNECTED', 'REVOKED']

/** Delegates whose name, tag or host holds `term`: what needs a look first, then by name. */
export function shownDelegates(delegates: readonly Delegate[], term: string): Delegate[] {
  const wanted = term.toLowerCase()
  return delegates
    .filter(({ name, tags, host = '' }) => [name, host, ...tags].some((text) => text.toLowerCase().includes(wanted)))
    .toSorted(
      (one, other) => ORDER.indexOf(one.status) - ORDER.indexOf(other.status) || one.name.localeCompare(other.name),
    )
}

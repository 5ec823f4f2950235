import { StatusBadge } from '../../design/status-mark.tsx'
import type { StatusLook } from '../../design/status.ts'
import type { ConnectorEnvelope } from './catalogue.ts'

const LOOKS: Record<ConnectorEnvelope['status']['status'], StatusLook> = {
  SUCCESS: { label: 'Works', tone: 'success', shape: 'check' },
  FAILURE: { label: 'Does not work', tone: 'failure', shape: 'cross' },
  UNKNOWN: { label: 'Not tested', tone: 'idle', shape: 'question' },
}

/** Result of a connector's last test. */
export function ConnectorStatus({ status }: { status: ConnectorEnvelope['status'] }) {
  return (
    <span title={status.errorSummary}>
      <StatusBadge look={LOOKS[status.status]} />
    </span>
  )
}

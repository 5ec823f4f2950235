/** States of a node and what may be asked about them. `succeeded` answers for the nodes after it. */
const STATUSES = {
  QUEUED: { final: false, waiting: false, succeeded: false },
  RUNNING: { final: false, waiting: false, succeeded: false },
  TASK_WAITING: { final: false, waiting: true, succeeded: false },
  UNREACHABLE: { final: false, waiting: true, succeeded: false },
  APPROVAL_WAITING: { final: false, waiting: true, succeeded: false },
  INTERVENTION_WAITING: { final: false, waiting: true, succeeded: false },
  RESOURCE_WAITING: { final: false, waiting: true, succeeded: false },
  PAUSED: { final: false, waiting: true, succeeded: false },
  ABORTING: { final: false, waiting: true, succeeded: false },
  SUCCEEDED: { final: true, waiting: false, succeeded: true },
  FAILED: { final: true, waiting: false, succeeded: false },
  IGNORE_FAILED: { final: true, waiting: false, succeeded: true },
  SKIPPED: { final: true, waiting: false, succeeded: true },
  ABORTED: { final: true, waiting: false, succeeded: false },
  EXPIRED: { final: true, waiting: false, succeeded: false },
  APPROVAL_REJECTED: { final: true, waiting: false, succeeded: false },
} as const satisfies Record<string, { final: boolean; waiting: boolean; succeeded: boolean }>

export type NodeStatus = keyof typeof STATUSES

export const NODE_STATUSES: readonly NodeStatus[] = Object.keys(STATUSES).filter(
  (status): status is NodeStatus => status in STATUSES,
)

/** The node will never change its status again. */
export function isFinal(status: NodeStatus): boolean {
  return STATUSES[status].final
}

/** The node waits for something outside the engine. */
export function isWaiting(status: NodeStatus): boolean {
  return STATUSES[status].waiting
}

/** The node has begun and isn't final. */
export function isActive(status: NodeStatus): boolean {
  return status !== 'QUEUED' && !isFinal(status)
}

/** The node is final, and what follows it sees a failure. */
export function isFailure(status: NodeStatus): boolean {
  return isFinal(status) && !STATUSES[status].succeeded
}

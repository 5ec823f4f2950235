import type { NodeStatus } from '../state/node-status.ts'

/** Names of the public API: of a node in the graph, and of a stage or pipeline in the summary. */
const PUBLIC: Readonly<Record<NodeStatus, { node: string; summary: string }>> = {
  QUEUED: { node: 'QUEUED', summary: 'NotStarted' },
  RUNNING: { node: 'RUNNING', summary: 'Running' },
  TASK_WAITING: { node: 'TASK_WAITING', summary: 'Running' },
  UNREACHABLE: { node: 'TASK_WAITING', summary: 'Running' },
  APPROVAL_WAITING: { node: 'APPROVAL_WAITING', summary: 'ApprovalWaiting' },
  INTERVENTION_WAITING: { node: 'INTERVENTION_WAITING', summary: 'InterventionWaiting' },
  RESOURCE_WAITING: { node: 'RESOURCE_WAITING', summary: 'ResourceWaiting' },
  PAUSED: { node: 'PAUSED', summary: 'Paused' },
  ABORTING: { node: 'DISCONTINUING', summary: 'Discontinuing' },
  SUCCEEDED: { node: 'SUCCEEDED', summary: 'Success' },
  FAILED: { node: 'FAILED', summary: 'Failed' },
  IGNORE_FAILED: { node: 'IGNORE_FAILED', summary: 'IgnoreFailed' },
  SKIPPED: { node: 'SKIPPED', summary: 'Skipped' },
  ABORTED: { node: 'ABORTED', summary: 'Aborted' },
  EXPIRED: { node: 'EXPIRED', summary: 'Expired' },
  APPROVAL_REJECTED: { node: 'APPROVAL_REJECTED', summary: 'ApprovalRejected' },
}

/** `SUCCEEDED`, `FAILED`, …: status of a node of the execution graph. */
export function publicNodeStatus(status: NodeStatus): string {
  return PUBLIC[status].node
}

/** `Success`, `Failed`, `Running`, …: status of a pipeline or a stage in the summary. */
export function publicSummaryStatus(status: NodeStatus): string {
  return PUBLIC[status].summary
}

import {
  type ExecutionStatus,
  NODE_EXECUTION_STATUSES,
  type NodeExecutionStatus,
} from '@sluice/contracts/execution-graph'
import type { NodeStatus } from '../state/node-status.ts'

/** Names of the public API for a node in the graph. */
const PUBLIC: Readonly<Record<NodeStatus, NodeExecutionStatus>> = {
  QUEUED: 'QUEUED',
  RUNNING: 'RUNNING',
  TASK_WAITING: 'TASK_WAITING',
  UNREACHABLE: 'TASK_WAITING',
  APPROVAL_WAITING: 'APPROVAL_WAITING',
  INTERVENTION_WAITING: 'INTERVENTION_WAITING',
  RESOURCE_WAITING: 'RESOURCE_WAITING',
  PAUSED: 'PAUSED',
  ABORTING: 'DISCONTINUING',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  IGNORE_FAILED: 'IGNORE_FAILED',
  SKIPPED: 'SKIPPED',
  ABORTED: 'ABORTED',
  EXPIRED: 'EXPIRED',
  APPROVAL_REJECTED: 'APPROVAL_REJECTED',
}

/** `SUCCEEDED`, `FAILED`, …: status of a node of the execution graph. */
export function publicNodeStatus(status: NodeStatus): NodeExecutionStatus {
  return PUBLIC[status]
}

/** `Success`, `Failed`, `Running`, …: status of a stage in the summary. */
export function publicSummaryStatus(status: NodeStatus): ExecutionStatus {
  return NODE_EXECUTION_STATUSES[PUBLIC[status]]
}

/** Status of a whole execution: one that was accepted and hasn't begun is queued, not something that may never start. */
export function publicExecutionStatus(status: NodeStatus): ExecutionStatus {
  return status === 'QUEUED' ? 'Queued' : publicSummaryStatus(status)
}

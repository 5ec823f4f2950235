import type { GraphNode } from '@sluice/contracts/execution-graph'
import { EmptyState } from '../../design/states.tsx'
import { isFinal } from '../../design/status.ts'

/** Stands where a step has nothing to show: it has not begun, or never will. */
export function NotYet({ node, what }: { node: GraphNode; what: string }) {
  if (isFinal(node.status)) {
    return <EmptyState title="This step did not run">{node.skipInfo?.reason ?? 'The run ended before it.'}</EmptyState>
  }
  return <EmptyState title="Not begun yet">{what} shows here as soon as the step begins.</EmptyState>
}

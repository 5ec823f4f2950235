import type { GraphNode } from '@sluice/contracts/execution-graph'
import { stringify } from 'yaml'
import { CodeBlock } from '../../design/code-block.tsx'
import { EmptyState } from '../../design/states.tsx'

/** What the step was given, as YAML. */
export function InputTab({ node }: { node: GraphNode }) {
  const { stepParameters } = node
  if (stepParameters === null || Object.keys(stepParameters).length === 0) {
    return <EmptyState title="No parameters">This step was given nothing.</EmptyState>
  }
  return (
    <>
      {node.startTs === null ? <p>As written: expressions are evaluated when the step begins.</p> : null}
      <CodeBlock label="Input as YAML" text={stringify(stepParameters, { lineWidth: 0 })} maxHeight={1_200} />
    </>
  )
}

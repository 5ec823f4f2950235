import type { GraphNode } from '@sluice/contracts/execution-graph'
import { DataTable } from '../../design/data-table.tsx'
import { EmptyState } from '../../design/states.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import { runLook } from '../../design/status.ts'
import { Duration } from '../../design/time.tsx'
import { type StructureNode, typeName } from '../../graph/structure.ts'
import classes from './group-view.module.css'
import { StepFailure } from './step-failure.tsx'

interface GroupViewProps {
  node: GraphNode
  items: readonly StructureNode[]
  onSelect: (id: string) => void
}

/** A stage or a group: what is in it. */
export function GroupView({ node, items, onSelect }: GroupViewProps) {
  return (
    <div className={classes.body}>
      <StepFailure failure={node.failureInfo} />
      <DataTable
        label={`In ${node.name}`}
        rows={items}
        rowKey={({ id }) => id}
        onOpen={({ id }) => onSelect(id)}
        empty={<EmptyState title="Nothing in here" />}
        columns={[
          {
            key: 'name',
            header: 'Name',
            cell: ({ id, name }) => (
              <button type="button" className={classes.name} onClick={() => onSelect(id)}>
                {name}
              </button>
            ),
          },
          {
            key: 'type',
            header: 'Type',
            width: 160,
            cell: ({ kind, type }) => (kind === 'step' ? typeName(type) : 'Group'),
          },
          {
            key: 'status',
            header: 'Status',
            width: 190,
            cell: ({ run }) => <StatusBadge look={runLook(run?.status ?? '')} />,
          },
          {
            key: 'took',
            header: 'Duration',
            width: 110,
            align: 'right',
            cell: ({ run }) =>
              run === undefined || run.startedAt === null ? null : (
                <Duration startedAt={run.startedAt} endedAt={run.endedAt} />
              ),
          },
        ]}
      />
    </div>
  )
}

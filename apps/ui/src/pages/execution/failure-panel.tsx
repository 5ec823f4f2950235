import { IconAlertTriangle, IconArrowRight } from '@tabler/icons-react'
import type { ExecutionDetail } from '@sluice/contracts/execution-graph'
import { Button } from '@mantine/core'
import { runLook } from '../../design/status.ts'
import type { StructureNode } from '../../graph/structure.ts'
import classes from './failure-panel.module.css'
import { failedStep, pathTo, splitFailure } from './run-structure.ts'

interface FailurePanelProps {
  detail: ExecutionDetail
  stages: readonly StructureNode[]
  onSelect: (id: string) => void
}

/** Why the run failed, above everything else, with the way to the step. */
export function FailurePanel({ detail, stages, onSelect }: FailurePanelProps) {
  const { failureInfo, status } = detail.pipelineExecutionSummary
  const step = failedStep(stages)
  const failure = (step === undefined ? null : detail.executionGraph.nodeMap[step.id]?.failureInfo) ?? failureInfo
  if (failure === null || (step === undefined && runLook(status).tone !== 'failure')) return null
  const { sentence, statement } = splitFailure(failure.message)
  const where = step === undefined ? [] : pathTo(stages, step.id)
  return (
    <section className={classes.panel} role="alert" aria-label="Why it failed">
      <IconAlertTriangle size={18} aria-hidden />
      <div className={classes.text}>
        <strong>{where.length === 0 ? 'The run failed' : `${where.map(({ name }) => name).join(' / ')} failed`}</strong>
        <span className={classes.sentence}>{sentence}</span>
        {statement === undefined ? null : <code className={classes.statement}>{statement}</code>}
      </div>
      {step === undefined ? null : (
        <Button
          variant="default"
          rightSection={<IconArrowRight size={14} />}
          onClick={() => onSelect(step.id)}
          className={classes.button}
        >
          Show the step
        </Button>
      )}
    </section>
  )
}

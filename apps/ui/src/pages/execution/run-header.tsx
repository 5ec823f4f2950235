import { Popover, UnstyledButton } from '@mantine/core'
import type { ExecutionDetail } from '@sluice/contracts/execution-graph'
import { Link } from '@tanstack/react-router'
import type { StreamState } from '../../api/event-stream.ts'
import { usePaths } from '../../api/project.ts'
import { LiveMark } from '../../design/live-mark.tsx'
import { Facts } from '../../design/page.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import { isFinal, runLook } from '../../design/status.ts'
import { Ago, Duration } from '../../design/time.tsx'
import classes from './run-header.module.css'

type Summary = ExecutionDetail['pipelineExecutionSummary']

/** Name, number and status. */
export function RunHeading({ summary }: { summary: Summary }) {
  return (
    <>
      <span>
        {summary.name} <span className={classes.number}>#{summary.runSequence}</span>
      </span>
      <StatusBadge look={runLook(summary.status)} />
    </>
  )
}

/** Pipeline, who, when, how long, and what it was given. */
export function RunFacts({ summary, stream }: { summary: Summary; stream: StreamState }) {
  const paths = usePaths()
  const { triggeredBy } = summary.executionTriggerInfo
  const isOver = isFinal(summary.status)
  return (
    <>
      <span>
        Pipeline{' '}
        <Link to={paths.pipeline(summary.pipelineIdentifier)} className={classes.link}>
          {summary.name}
        </Link>
      </span>
      <span>
        started by <span className={classes.who}>{triggeredBy.name}</span>
        {summary.startTs === null ? null : (
          <>
            {' '}
            <Ago at={summary.startTs} />
          </>
        )}
      </span>
      {summary.startTs === null ? null : (
        <span className={classes.took}>
          {isOver ? 'took ' : 'running for '}
          <Duration startedAt={summary.startTs} endedAt={isOver ? (summary.endTs ?? summary.startTs) : undefined} />
        </span>
      )}
      <UsedInputs inputs={summary.inputs} />
      <LiveMark state={stream} label="Every change shows here by itself" />
    </>
  )
}

function UsedInputs({ inputs }: { inputs: Summary['inputs'] }) {
  if (inputs.length === 0) return null
  return (
    <Popover position="bottom-start" shadow="md" width={380}>
      <Popover.Target>
        <UnstyledButton className={classes.link}>
          {inputs.length === 1 ? '1 input' : `${inputs.length} inputs`}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <Facts
          rows={inputs.map(({ path, name, value }) => [
            name,
            <code key={path} title={path}>
              {typeof value === 'string' ? value : JSON.stringify(value)}
            </code>,
          ])}
        />
      </Popover.Dropdown>
    </Popover>
  )
}

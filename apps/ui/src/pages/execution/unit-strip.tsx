import type { GraphNode } from '@sluice/contracts/execution-graph'
import { Progress } from '@mantine/core'
import { StatusMark } from '../../design/status-mark.tsx'
import { isFinal, type StatusLook } from '../../design/status.ts'
import { Duration } from '../../design/time.tsx'
import classes from './unit-strip.module.css'

type UnitStatus = GraphNode['unitProgresses'][number]['status']

const LOOKS: Record<UnitStatus, StatusLook> = {
  running: { label: 'Running', tone: 'running', shape: 'spinner' },
  succeeded: { label: 'Succeeded', tone: 'success', shape: 'check' },
  failed: { label: 'Failed', tone: 'failure', shape: 'cross' },
  skipped: { label: 'Skipped', tone: 'idle', shape: 'skip' },
}

/** Parts of a step with their times, and how far its changesets are. */
export function UnitStrip({ node }: { node: GraphNode }) {
  const { unitProgresses: units } = node
  // What an ended step came to is on its output, whole.
  const progress = isFinal(node.status) ? null : node.changesetProgress
  if (units.length === 0 && progress === null) return null
  return (
    <div className={classes.strip}>
      {units.length === 0 ? null : (
        <ol className={classes.units} aria-label="Parts of the step">
          {units.map((unit) => (
            <li key={unit.unitName} data-status={unit.status}>
              <StatusMark look={LOOKS[unit.status]} size={16} />
              <span>{unit.unitName}</span>
              <span className={classes.took}>
                <Duration
                  startedAt={unit.startTime}
                  // A unit that nobody closed ended with its step.
                  endedAt={unit.endTime ?? (isFinal(node.status) ? node.endTs : null)}
                />
              </span>
            </li>
          ))}
        </ol>
      )}
      {progress === null ? null : (
        <div className={classes.progress}>
          <Progress
            aria-label="Changesets done"
            value={progress.total === 0 ? 100 : (progress.done / progress.total) * 100}
            size={6}
            w={140}
            transitionDuration={200}
          />
          <span>
            {progress.done.toLocaleString()} of {progress.total.toLocaleString()} changesets
          </span>
          {progress.current === null ? null : (
            <span className={classes.current}>
              <code>
                {progress.current.path}::{progress.current.id}::{progress.current.author}
              </code>{' '}
              {progress.current.state === 'running' ? <Duration startedAt={progress.current.startTs} /> : null}
            </span>
          )}
        </div>
      )}
    </div>
  )
}

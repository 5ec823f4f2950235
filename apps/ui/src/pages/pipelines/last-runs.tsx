import { Tooltip } from '@mantine/core'
import type { RecentExecution } from '@sluice/contracts/pipelines'
import { Link } from '@tanstack/react-router'
import { usePaths } from '../../api/project.ts'
import { runLook, toneInk } from '../../design/status.ts'
import { dateText, durationText } from '../../design/time.tsx'
import classes from './last-runs.module.css'

const SHOWN = 10

/** The last runs as bars, the newest at the right; each leads to its run. */
export function LastRuns({ runs, name }: { runs: readonly RecentExecution[]; name: string }) {
  const paths = usePaths()
  const shown = runs.slice(0, SHOWN).toReversed()
  return (
    <ul className={classes.runs} aria-label={`Last runs of ${name}`}>
      {Array.from({ length: SHOWN - shown.length }, (_, index) => (
        <li key={index} className={classes.none} aria-hidden />
      ))}
      {shown.map((run) => {
        const look = runLook(run.status)
        const took = run.endTs === undefined ? '' : ` in ${durationText(run.endTs - run.startTs)}`
        const text = `#${run.runSequence} ${look.label.toLowerCase()}${took}, ${dateText(run.startTs)}, by ${run.triggeredBy.name}`
        return (
          <li key={run.executionId}>
            <Tooltip label={text}>
              <Link
                to={paths.execution(run.executionId)}
                aria-label={`Run ${text}`}
                data-phase={look.phase}
                style={{ color: toneInk(look.tone) }}
              />
            </Tooltip>
          </li>
        )
      })}
    </ul>
  )
}

import type { NodeFailure } from '@sluice/contracts/execution-graph'
import { SqlView } from '../../design/sql-view.tsx'
import { splitFailure } from './run-structure.ts'
import classes from './step-failure.module.css'

/** A step's failure whole: the sentence with place and database message, and the statement it was about. */
export function StepFailure({ failure }: { failure: NodeFailure | null }) {
  if (failure === null) return null
  const { sentence, statement } = splitFailure(failure.message)
  return (
    <div className={classes.failure}>
      <p>{sentence}</p>
      {statement === undefined ? null : <SqlView sql={statement} label="statement that failed" />}
      <small>{failure.code}</small>
    </div>
  )
}

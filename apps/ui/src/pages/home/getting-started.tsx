import { Button } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useDelegates } from '../../api/delegates.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { Panel } from '../../design/page.tsx'
import classes from './getting-started.module.css'
import type { Runnable } from './pipelines-panel.tsx'

const INSTALL: string = '/account/delegates?install=true'

interface GettingStartedProps {
  /** Undefined while nobody knows. */
  hasSchema: boolean | undefined
  hasPipeline: boolean | undefined
  hasRun: boolean | undefined
  pipeline: Runnable | undefined
  onRun: (pipeline: Runnable) => void
}

/** The way from an empty project to a first run, as far as it has been gone. */
export function GettingStarted({ hasSchema, hasPipeline, hasRun, pipeline, onRun }: GettingStartedProps) {
  const { query } = useProject()
  const paths = usePaths()
  const { list } = useDelegates(query)
  const connected = list.data?.find((delegate) => delegate.connected)
  return (
    <Panel title="Get started">
      <ol className={classes.steps}>
        <Step
          number={1}
          title="A delegate is connected"
          isDone={connected !== undefined}
          action={
            <Button component={Link} to={INSTALL} variant="default">
              Install a delegate
            </Button>
          }
        >
          {connected === undefined
            ? 'It runs inside your network, next to your databases. Passwords and data never leave it.'
            : `“${connected.name}” is here.`}
        </Step>
        <Step
          number={2}
          title="Connect a database"
          isDone={hasSchema === true}
          action={
            <Button component={Link} to={paths.connect} disabled={connected === undefined}>
              Connect a database
            </Button>
          }
        >
          {hasSchema === true
            ? 'A database is connected.'
            : 'A JDBC URL and a repository are enough. Nothing is changed: Sluice reads the history and shows what is pending.'}
        </Step>
        <Step
          number={3}
          title="Make a pipeline and run it"
          isDone={hasPipeline === true && hasRun === true}
          action={
            pipeline === undefined ? (
              <Button component={Link} to={paths.newPipeline} variant="default">
                Make a pipeline
              </Button>
            ) : (
              <Button onClick={() => onRun(pipeline)}>Run {pipeline.name}</Button>
            )
          }
        >
          {hasPipeline === true
            ? 'The pipeline is there; its first run is yours.'
            : 'It shows the SQL first, and applies exactly that.'}
        </Step>
      </ol>
    </Panel>
  )
}

interface StepProps {
  number: number
  title: string
  isDone: boolean
  action: ReactNode
  children: ReactNode
}

function Step({ number, title, isDone, action, children }: StepProps) {
  return (
    <li className={classes.step} data-done={isDone || undefined}>
      <span className={classes.number} aria-hidden>
        {isDone ? <IconCheck size={15} stroke={2.4} /> : number}
      </span>
      <div className={classes.words}>
        <h3>
          {title}
          {isDone ? <span className="s-visually-hidden"> (done)</span> : null}
        </h3>
        <p>{children}</p>
        {isDone ? null : action}
      </div>
    </li>
  )
}

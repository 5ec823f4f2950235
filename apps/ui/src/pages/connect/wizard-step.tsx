import { Button } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { type ReactNode, useId } from 'react'
import classes from './connect.module.css'

interface WizardStepProps {
  number: number
  title: string
  state: 'done' | 'open' | 'later'
  /** Said of a step that is done. */
  summary?: ReactNode
  /** Opens a step that is done. */
  onOpen?: () => void
  /** Word on the button that opens it. */
  verb?: string
  children: ReactNode
}

/** A step of the wizard. What was typed in it stays while another one is open. */
export function WizardStep({ number, title, state, summary, onOpen, verb = 'Change', children }: WizardStepProps) {
  const id = useId()
  return (
    <section className={classes.step} data-state={state} aria-labelledby={id}>
      <div className={classes.number} aria-hidden>
        {state === 'done' ? <IconCheck size={15} stroke={2.4} /> : number}
      </div>
      <div className={classes.body}>
        <div className={classes.head}>
          <h2 id={id}>
            {title}
            <span className="s-visually-hidden">
              {state === 'done' ? ' (done)' : state === 'later' ? ' (later)' : ''}
            </span>
          </h2>
          {state === 'done' && summary !== undefined ? <div className={classes.summary}>{summary}</div> : null}
          {state === 'done' && onOpen !== undefined ? (
            <Button variant="subtle" color="gray" onClick={onOpen} aria-label={`${verb}: ${title}`}>
              {verb}
            </Button>
          ) : null}
        </div>
        <div hidden={state !== 'open'} className={classes.content}>
          {state === 'later' ? null : children}
        </div>
      </div>
    </section>
  )
}

import type { FormEvent, ReactNode } from 'react'
import { FailureNote } from './states.tsx'
import classes from './form.module.css'

interface FormProps {
  label: string
  onSubmit: () => void
  /** What the last try failed with: told above the buttons, and nothing that was typed goes. */
  error?: unknown
  /** Buttons: the one that submits first. */
  actions: ReactNode
  children: ReactNode
}

/** A form of a page: fields below each other, failure and buttons below them. Enter submits. */
export function Form({ label, onSubmit, error, actions, children }: FormProps) {
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onSubmit()
  }
  return (
    <form aria-label={label} className={classes.form} onSubmit={submit}>
      {children}
      <FailureNote error={error} />
      <div className={classes.actions}>{actions}</div>
    </form>
  )
}

/** Fields beside each other where there is room. */
export function FieldPair({ children }: { children: ReactNode }) {
  return <div className={classes.pair}>{children}</div>
}

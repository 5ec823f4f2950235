import { Button, Skeleton } from '@mantine/core'
import { IconAlertTriangle, IconLock, IconPlugConnectedX, IconRefresh, IconSearchOff } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { ApiProblem } from '../api/problem.ts'
import { CopyButton } from './copy-button.tsx'
import classes from './states.module.css'

/** Nothing is there yet: says what would be here and how to get it. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className={classes.state}>
      {icon === undefined ? null : <span className={classes.icon}>{icon}</span>}
      <h2>{title}</h2>
      {children === undefined ? null : <div className={classes.text}>{children}</div>}
      {action === undefined ? null : <div className={classes.action}>{action}</div>}
    </div>
  )
}

/** Something is coming; takes the place that it will take, so that nothing moves. */
export function LoadingRows({ rows = 6, height = 28 }: { rows?: number; height?: number }) {
  return (
    <div className={classes.rows} aria-busy="true" role="status">
      <span className="s-visually-hidden">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="sm" width={`${96 - ((row * 7) % 30)}%`} />
      ))}
    </div>
  )
}

function iconOf(error: unknown): ReactNode {
  if (!(error instanceof ApiProblem)) return <IconAlertTriangle size={26} stroke={1.6} />
  if (error.status === 403) return <IconLock size={26} stroke={1.6} />
  if (error.status === 404) return <IconSearchOff size={26} stroke={1.6} />
  if (error.status === 0 || error.status >= 502) return <IconPlugConnectedX size={26} stroke={1.6} />
  return <IconAlertTriangle size={26} stroke={1.6} />
}

function titleOf(error: unknown): string {
  if (!(error instanceof ApiProblem)) return 'This page ran into an error of its own'
  if (error.status === 403) return 'You may not see this'
  if (error.status === 404) return 'Not found'
  if (error.status === 0 || error.status >= 502) return 'Sluice is not reachable'
  return 'That did not work'
}

/** Failure of a whole page or part: the API's sentence, its correlation id, and a way on. */
export function FailedState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div className={classes.state} role="alert" data-kind="failed">
      <span className={classes.icon}>{iconOf(error)}</span>
      <h2>{titleOf(error)}</h2>
      <div className={classes.text}>{sentenceOf(error)}</div>
      <CorrelationId error={error} />
      {onRetry === undefined ? null : (
        <div className={classes.action}>
          <Button variant="default" leftSection={<IconRefresh size={15} />} onClick={onRetry}>
            Try again
          </Button>
        </div>
      )}
    </div>
  )
}

/** Failure in place, beside what failed: of a form, a button, a section. */
export function FailureNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (error === null || error === undefined) return null
  const sentence = sentenceOf(error)
  // Short lists are part of the sentence already.
  const problems = (error instanceof ApiProblem ? error.problems : []).filter(
    (problem) => !sentence.includes(problem.message),
  )
  return (
    <div className={classes.note} role="alert">
      <IconAlertTriangle size={16} aria-hidden />
      <div>
        <div>{sentence}</div>
        {problems.length === 0 ? null : (
          <ul>
            {problems.slice(0, 8).map((problem) => (
              <li key={`${problem.path ?? ''}${problem.line ?? ''}${problem.message}`}>
                {problem.path === undefined ? null : <code>{problem.path}</code>} {problem.message}
              </li>
            ))}
          </ul>
        )}
        <CorrelationId error={error} />
      </div>
      {onRetry === undefined ? null : (
        <Button variant="subtle" color="red" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}

function CorrelationId({ error }: { error: unknown }) {
  if (!(error instanceof ApiProblem) || error.correlationId === undefined) return null
  return (
    <div className={classes.correlation}>
      {error.code} · correlation id <code>{error.correlationId}</code>
      <CopyButton value={error.correlationId} label="Copy correlation id" />
    </div>
  )
}

/** The sentence that a failure is told with. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiProblem) return error.message
  return 'Reload the page. If it stays, tell your administrator what you did before.'
}

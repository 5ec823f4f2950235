import { AppError } from '@sluice/contracts/errors'
import type { ConnectionPhase } from '@sluice/contracts/tasks'
import type { StepReporter } from './step-reporter.ts'

/** What an operation gets besides its parameters. */
export interface StepContext {
  attemptId: string
  reporter: StepReporter
  /** What was reached so far; part of the result, also after a failure. */
  phases: ConnectionPhase[]
  /** Opened secret values by name. */
  secrets: ReadonlyMap<string, string>
  /** Folder shared by the steps of the pod. */
  workspace: string
  /** Certificates to trust for git, where the delegate's owner gave some. */
  gitCaFile?: string
  /** Trace context of the attempt; undefined outside a trace. */
  traceparent: string | undefined
  signal: AbortSignal
}

/** Clock of the migration engine. */
export const clock = {
  now: (): number => Date.now(),
  sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        clearTimeout(timer)
        reject(new AppError('ABORTED', 'The step was cancelled.'))
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }, ms)
      if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    }),
}

/** The value of a secret that the parameters name. @throws AppError SECRET_NOT_OPENED. */
export function secretOf(context: Pick<StepContext, 'secrets'>, name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  const value = context.secrets.get(name)
  if (value === undefined) {
    throw new AppError(
      'SECRET_NOT_OPENED',
      `The secret "${name}" did not reach the step. Run it again; if it stays, look at the delegate's log.`,
    )
  }
  return value
}

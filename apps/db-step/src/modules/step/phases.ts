import type { ConnectionPhase } from '@sluice/contracts/tasks'
import type { ConnectPhase } from '@sluice/drivers'
import type { StepContext } from './step-context.ts'

const MESSAGE_MAX = 2_000

type PhaseContext = Pick<StepContext, 'phases' | 'reporter'>

/** Keeps a phase of reaching a database, as people see it: the session's settings belong to the login. */
export function addConnectPhase(context: PhaseContext, { name, ok, ms, sentence }: ConnectPhase): void {
  add(context, { phase: name === 'session' ? 'login' : name, ok, durationMs: ms, message: sentence })
}

/** Runs a part of the step as a phase, which is kept also when it fails. */
export async function inPhase<Value>(
  context: PhaseContext,
  phase: ConnectionPhase['phase'],
  work: () => Promise<Value>,
  describe: (value: Value) => string,
): Promise<Value> {
  const startedAt = performance.now()
  const end = (ok: boolean, message: string): void =>
    add(context, { phase, ok, durationMs: Math.round(performance.now() - startedAt), message })
  try {
    const value = await work()
    end(true, describe(value))
    return value
  } catch (error) {
    end(false, error instanceof Error ? error.message : String(error))
    throw error
  }
}

function add(context: PhaseContext, phase: ConnectionPhase): void {
  const message = context.reporter.mask(phase.message ?? '').slice(0, MESSAGE_MAX)
  context.phases.push({ ...phase, message })
}

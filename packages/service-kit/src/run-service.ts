import pino from 'pino'
import { LOGGER_OPTIONS } from './logger.ts'
import { startTracing } from './tracing.ts'

/** Time that a graceful stop may take before the process ends anyway. */
const STOP_TIMEOUT_MS = 10_000

export interface RunningService {
  /** Stops intake, drains, closes in reverse order of opening. */
  close(): Promise<void>
}

/**
 * Runs a process: starts it, ends it gracefully on SIGTERM or SIGINT, ends with code 1 and one clear line if it can't start.
 * @param name service name, e.g. `ng-core`
 */
export async function runService(name: string, start: () => Promise<RunningService>): Promise<void> {
  const logger = pino({ ...LOGGER_OPTIONS, name })
  const stopTracing = startTracing({ process: name, traceFile: process.env['SLUICE_TRACE_FILE'] })
  process.on('unhandledRejection', (error) => {
    logger.fatal({ err: error }, 'a promise was rejected and nobody looked')
    process.exit(1)
  })
  let running: RunningService | undefined
  let stopping = false
  const end = (started: RunningService): void => {
    started
      .close()
      .then(stopTracing)
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, 'stopped with an error')
          process.exit(1)
        },
      )
  }
  const stop = (signal: string): void => {
    if (stopping) return
    stopping = true
    logger.info({ signal }, 'stopping')
    setTimeout(() => {
      logger.error('did not stop in time')
      process.exit(1)
    }, STOP_TIMEOUT_MS).unref()
    if (running !== undefined) end(running)
  }
  // Before the start: who is asked to stop while it starts, or loses its parent then, must not stay.
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  // Started by `npm start`: when that is gone, however it went, nothing of it may stay.
  process.on('disconnect', () => stop('the parent is gone'))
  try {
    running = await start()
  } catch (error) {
    logger.fatal({ err: error }, `${name} could not start`)
    process.exit(1)
  }
  logger.info('started')
  if (stopping) end(running)
}

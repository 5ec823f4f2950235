import { flushCompileCache } from 'node:module'
import { createInterface } from 'node:readline'
import { ProcessIdentity, type ProcessReport } from './process-identity.ts'

/** A program of the pod that listens. */
export interface RunningProgram {
  port: number
  /** Called when the owner is gone or asks the program to end; what runs is cancelled and waited for. */
  stop(): Promise<void>
}

/** The owner may die without a word; then what runs gets this long to be cancelled before the process ends anyway. */
const STOP_WITHIN_MS = 8_000

/**
 * The life of a pod's process: waits for its identity on stdin, starts, reports on stdout, and ends when stdin ends.
 * The end of stdin is how a killed delegate is noticed: the kernel closes the pipe with it.
 * Ends the whole process group, so that a git or psql started by the program goes with it.
 */
export async function runProgram(start: (identity: ProcessIdentity) => Promise<RunningProgram>): Promise<void> {
  // Reports to an owner that died must not end the process before its statements are cancelled.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  let running: RunningProgram | undefined
  let isEnding = false
  const end = async (code: number): Promise<void> => {
    if (isEnding) return
    isEnding = true
    setTimeout(() => endGroup(code), STOP_WITHIN_MS).unref()
    await running?.stop().catch((error: unknown) => process.stderr.write(`stop failed: ${String(error)}\n`))
    endGroup(code)
  }
  process.on('SIGTERM', () => void end(0))
  // The terminal's Ctrl-C goes to the whole foreground group; the owner decides when its pods end.
  process.on('SIGINT', () => {})

  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })
  const first = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(undefined))
  })
  if (first === undefined) return end(0)
  lines.once('close', () => void end(0))
  try {
    running = await start(ProcessIdentity.parse(JSON.parse(first)))
    report({ state: 'listening', port: running.port })
  } catch (error) {
    report({ state: 'failed', message: error instanceof Error ? error.message : String(error) })
    await end(1)
  }
}

function report(message: ProcessReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

function endGroup(code: number): void {
  process.exitCode = code
  // The signal below leaves Node no time for it, and the next process of this program starts by it.
  flushCompileCache()
  try {
    // Only where this process leads its group: otherwise the signal would reach whoever started us.
    if (process.env['SLUICE_POD_GROUP'] === 'own') process.kill(-process.pid, 'SIGKILL')
  } catch {
    // No such group: this process was not started as a leader, ending itself is all there is.
  }
  process.exit(code)
}

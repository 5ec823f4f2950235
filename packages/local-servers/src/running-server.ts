import { spawn, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'

/** A server process that we started and must end. */
export interface RunningServer {
  pid: number
  port: number
  /** Resolves with a sentence when the process ends, whether we asked for it or not. */
  exited: Promise<string>
  /** Ends the process in an orderly way (data kept) and waits; safe to call twice. */
  stop(): Promise<void>
}

export interface SuperviseOptions {
  name: string
  port: number
  /** Sent first; the server is expected to end soon after. */
  stopSignal: NodeJS.Signals
  /** Sent when the server has not ended `stopWithinMs` after the first signal. */
  forceSignal: NodeJS.Signals
  stopWithinMs?: number
}

/**
 * Wraps a spawned child: it can be stopped, and it ends with this process, however that one ends.
 * A failure to spawn at all resolves `exited` too.
 */
export function supervise(child: ChildProcess, options: SuperviseOptions): RunningServer {
  let ended = false
  const releaseGuard = guard(child, options.stopSignal)
  const exited = new Promise<string>((resolve) => {
    const end = (sentence: string) => {
      ended = true
      releaseGuard()
      resolve(sentence)
    }
    child.once('error', (error) => end(`${options.name} could not be started: ${error.message}`))
    child.once('exit', (code, signal) => end(`${options.name} ended with ${signal ?? `code ${code}`}`))
  })
  return {
    pid: child.pid ?? -1,
    port: options.port,
    exited,
    stop: async () => {
      if (!ended) child.kill(options.stopSignal)
      const timer = setTimeout(() => child.kill(options.forceSignal), options.stopWithinMs ?? 15_000)
      await exited
      clearTimeout(timer)
    },
  }
}

/**
 * A shell that waits for the end of this process, which it sees as the end of its input, and then ends the server: a
 * killed parent can't do it any more. A line of input releases it.
 */
function guard(child: ChildProcess, stopSignal: NodeJS.Signals): () => void {
  if (child.pid === undefined) return () => undefined
  const script = 'read -r _ || kill -s "$1" "$0"'
  const shell = spawn('sh', ['-c', script, String(child.pid), stopSignal.slice('SIG'.length)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  // Without the guard the server still ends with an orderly stop.
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  return () => shell.stdin.end('\n')
}

/** The last lines of a log file, for an error's text. Empty when there is no such file. */
export async function lastLines(file: string, count = 15): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

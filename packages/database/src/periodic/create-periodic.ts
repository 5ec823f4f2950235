import { Client } from 'pg'
import type { Runner } from '../queues/create-worker.ts'

export interface PeriodicTask {
  /** Names the lock: one replica at a time runs the task. */
  name: string
  everyMs: number
  /** `signal` is aborted when the process stops or the lock is lost. */
  run: (signal: AbortSignal) => Promise<void>
}

export interface PeriodicOptions {
  /** URL of the service's own role. */
  url: string
  tasks: readonly PeriodicTask[]
  onError: (error: Error) => void
}

interface Connection {
  client: Client
  /** Settles when the client is free for the next question; rejects never, but for a failed connect. */
  ready: Promise<unknown>
  /** Aborted when the connection, and with it every lock, is gone. */
  lost: AbortController
  /** Names of the tasks whose lock this connection holds. */
  held: Set<string>
}

/**
 * Runs tasks at intervals, each under a Postgres advisory lock that is held as long as this process lives; another
 * replica takes over when it goes. One dedicated connection: locks taken through a pool exclude nobody.
 * A run that takes longer than its interval delays the next one; runs of a task never overlap.
 */
export function createPeriodic(options: PeriodicOptions): Runner {
  let connection: Connection | undefined
  const stopping = new AbortController()
  const timers = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()

  const runOnce = async (task: PeriodicTask): Promise<void> => {
    try {
      if (!connection || connection.lost.signal.aborted) connection = connect(options.url)
      const { lost } = connection
      if (!(await holdLock(connection, task.name))) return
      await task.run(AbortSignal.any([stopping.signal, lost.signal]))
    } catch (cause) {
      if (stopping.signal.aborted) return
      options.onError(
        new Error(`The periodic task "${task.name}" failed; it runs again in ${task.everyMs} ms.`, { cause }),
      )
    }
  }

  const runAndSchedule = async (task: PeriodicTask): Promise<void> => {
    await runOnce(task)
    if (!stopping.signal.aborted) schedule(task, task.everyMs)
  }

  const schedule = (task: PeriodicTask, delayMs: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      const run = runAndSchedule(task).finally(() => running.delete(run))
      running.add(run)
    }, delayMs)
    timers.add(timer)
  }

  return {
    start: async () => {
      for (const task of options.tasks) schedule(task, 0)
    },
    stop: async () => {
      stopping.abort(new Error('the service stops'))
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(running)
      await connection?.client.end()
    },
  }
}

/** True once this connection holds the task's lock. Tasks that are due together ask one after the other. */
async function holdLock(connection: Connection, name: string): Promise<boolean> {
  const { client, held } = connection
  const asked = connection.ready.then(async () => {
    if (held.has(name)) return true
    const { rows } = await client.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as locked', [
      `sluice:periodic:${name}`,
    ])
    if (rows[0]?.locked !== true) return false
    held.add(name)
    return true
  })
  connection.ready = asked.catch(() => undefined)
  return asked
}

function connect(url: string): Connection {
  const client = new Client({
    connectionString: url,
    application_name: 'sluice periodic',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  })
  const lost = new AbortController()
  const lose = () => lost.abort(new Error('the connection that holds the lock is gone'))
  client.on('error', lose)
  client.on('end', lose)
  const ready = client.connect().catch((error: unknown) => {
    lose()
    throw error
  })
  return { client, ready, lost, held: new Set() }
}

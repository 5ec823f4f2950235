import { JobBody, QUEUE_PREFIX, type QueueName } from '@sluice/contracts/queues'
import { Worker } from 'bullmq'
import { redisOptions, withoutCommand } from '../redis/create-redis.ts'
import type { Row } from './create-queues.ts'

/** How long a stop waits for the jobs that run now. */
const STOP_WITHIN_MS = 10_000

export interface WorkerOptions {
  redis: string
  queue: QueueName
  /**
   * Claims the row by compare-and-set and does what is due; finds nothing to do when the job is stale or forged.
   * A throw only reaches `onError`: the row is the truth, and its reconciler brings it back.
   * `signal` is aborted when the process stops.
   */
  handle: (row: Row, signal: AbortSignal) => Promise<void>
  concurrency?: number
  onError: (error: Error) => void
}

/** Something that runs until it is stopped. `stop` waits for what is under way. */
export interface Runner {
  start(): Promise<void>
  stop(): Promise<void>
}

/** Consumes the id-only jobs of a queue. Without Redis it waits; nothing is lost, because jobs only point at rows. */
export function createWorker(options: WorkerOptions): Runner {
  const stopping = new AbortController()
  let worker: Worker | undefined
  return {
    start: async () => {
      worker = new Worker(
        options.queue,
        async (job) => {
          const body = JobBody.safeParse(job.data)
          if (!body.success)
            return options.onError(new Error(`A job of "${options.queue}" is not an id: ${body.error.message}`))
          try {
            await options.handle({ accountId: body.data.accountId, id: body.data.id }, stopping.signal)
          } catch (error) {
            options.onError(error instanceof Error ? error : new Error(String(error)))
          }
        },
        {
          prefix: QUEUE_PREFIX,
          connection: redisOptions(options.redis, 'blocking'),
          concurrency: options.concurrency ?? 8,
          removeOnComplete: { count: 0 },
          removeOnFail: { count: 0 },
        },
      )
      worker.on('error', (error: Error) => options.onError(withoutCommand(error)))
    },
    stop: async () => {
      stopping.abort(new Error('the service stops'))
      if (!worker) return
      const closing = worker.close()
      let timer: NodeJS.Timeout | undefined
      // Without Redis the orderly close never ends.
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, STOP_WITHIN_MS)
      })
      await Promise.race([closing, limit])
      clearTimeout(timer)
      await worker.close(true)
    },
  }
}

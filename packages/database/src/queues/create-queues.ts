import type { ServiceName } from '@sluice/contracts/network'
import { QUEUE_PREFIX, QUEUES, type JobBody, type QueueName, type QueueSpec } from '@sluice/contracts/queues'
import { Queue } from 'bullmq'
import { redisOptions, withoutCommand } from '../redis/create-redis.ts'

/** A wake-up is a courtesy: the row is stored, and its owner's reconciler finds it without. */
const WAKE_WITHIN_MS = 1_000

export interface QueuesOptions {
  /** Redis URL of the service's own user. */
  redis: string
  service: ServiceName
  /** Told of wake-ups that Redis did not take. */
  onError: (error: Error) => void
}

export interface Row {
  accountId: string
  id: string
}

/** The queues a service may add jobs to. */
export interface Queues {
  /**
   * Adds an id-only job, after commit. Never throws and takes a second at most. Two wake-ups for one row are two jobs,
   * unless both are named `once`: while such a job waits, another of that name is dropped.
   */
  wake(queue: QueueName, row: Row, options?: { delayMs?: number; once?: string }): Promise<void>
  /** Jobs that wait, are delayed or run now; for metrics. */
  depth(queue: QueueName): Promise<number>
  close(): Promise<void>
}

/** Opens the queues that `service` produces to or receives. Connections are made at the first use of each. */
export function createQueues(options: QueuesOptions): Queues {
  const open = new Map<QueueName, Queue>()
  const queueOf = (name: QueueName): Queue => {
    const { producers, receiver }: QueueSpec = QUEUES[name]
    if (receiver !== options.service && !producers.includes(options.service)) {
      throw new Error(
        `"${options.service}" may not add jobs to "${name}": the table in contracts/queues.ts does not list it.`,
      )
    }
    const existing = open.get(name)
    if (existing) return existing
    const queue = new Queue(name, {
      prefix: QUEUE_PREFIX,
      connection: redisOptions(options.redis, 'commands'),
      // Only a receiver may write the queue's settings; nobody needs them.
      skipMetasUpdate: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    })
    queue.on('error', (error: Error) => options.onError(withoutCommand(error)))
    open.set(name, queue)
    return queue
  }
  return {
    wake: async (name, row, { delayMs, once } = {}) => {
      const queue = queueOf(name)
      const body: JobBody = { v: 1, accountId: row.accountId, id: row.id }
      try {
        await within(WAKE_WITHIN_MS, queue.add('wake', body, { delay: delayMs, jobId: once }))
      } catch (cause) {
        options.onError(
          new Error(`The queue "${name}" could not be woken for "${row.id}"; its reconciler will find it.`, { cause }),
        )
      }
    },
    depth: async (name) => {
      const counts = await queueOf(name).getJobCounts('waiting', 'delayed', 'active')
      return Object.values(counts).reduce((sum, count) => sum + count, 0)
    },
    close: async () => {
      await Promise.allSettled([...open.values()].map((queue) => queue.close()))
    },
  }
}

async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

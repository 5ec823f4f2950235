import { z } from 'zod'
import type { ServiceName } from './network.ts'

/** Prefix of every BullMQ key in Redis. */
export const QUEUE_PREFIX = 'sluice'

export interface QueueSpec {
  /** The service that consumes the queue and owns the rows its jobs point at. */
  receiver: ServiceName
  /** Services whose Redis user may add jobs. */
  producers: readonly ServiceName[]
}

/** Queues are named by their receiver. A job carries an id; the row is the truth. */
export const QUEUES = {
  'pipeline.wake': { receiver: 'pipeline-service', producers: ['pipeline-service'] },
  'pipeline.inbox': { receiver: 'pipeline-service', producers: ['ng-manager', 'delegate-service'] },
  'ngm.inbox': { receiver: 'ng-manager', producers: ['delegate-service', 'dbdevops-service'] },
  'delegate.inbox': { receiver: 'delegate-service', producers: ['ng-manager', 'ng-core'] },
  'ng.inbox': {
    receiver: 'ng-core',
    producers: [
      'ng-core',
      'pipeline-service',
      'ng-manager',
      'dbdevops-service',
      'scm-service',
      'log-service',
      'delegate-service',
    ],
  },
} as const satisfies Record<string, QueueSpec>
export type QueueName = keyof typeof QUEUES

/** Inboxes are the queues that are backed by an `inbox` table of the receiver's schema. */
export const INBOX_NAMES = ['pipeline.inbox', 'ngm.inbox', 'delegate.inbox', 'ng.inbox'] as const
export type InboxName = (typeof INBOX_NAMES)[number]

/** Body of every job. `id` is the row's id within `accountId`. */
export const JobBody = z.object({ v: z.literal(1), accountId: z.string().max(64), id: z.string().max(200) })
export type JobBody = z.infer<typeof JobBody>

export interface ChannelSpec {
  publishers: readonly ServiceName[]
  subscribers: readonly ServiceName[]
}

/** Redis pub/sub channels: fan-out of something that is already stored. A channel is `<name>:<suffix>`. */
export const CHANNELS = {
  /** Log batches, suffix = log key. */
  'log.lines': { publishers: ['log-service'], subscribers: ['log-service'] },
  /** "This execution changed", suffix = execution id. */
  'pipeline.execution': { publishers: ['pipeline-service'], subscribers: ['pipeline-service'] },
  /** "The summary of this execution changed", suffix = account, organisation and project. */
  'pipeline.project': { publishers: ['pipeline-service'], subscribers: ['pipeline-service'] },
  /** Frames for a delegate whose socket another replica holds, suffix = replica id. */
  'delegate.replica': { publishers: ['delegate-service'], subscribers: ['delegate-service'] },
  /** "This delegate's row changed", suffix = account id. */
  'delegate.presence': { publishers: ['delegate-service'], subscribers: ['ng-core'] },
  /** Revoked sessions, API keys and changed access versions; the gateway drops its cached tokens. */
  'ng.revocation': { publishers: ['ng-core'], subscribers: ['gateway', 'delegate-service', 'ng-core'] },
} as const satisfies Record<string, ChannelSpec>
export type ChannelName = keyof typeof CHANNELS

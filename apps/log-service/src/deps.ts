import { join } from 'node:path'
import { createPool, createRedis } from '@sluice/database'
import {
  createAccessControl,
  createIdentity,
  createLogger,
  createMetrics,
  createTokenVerifier,
  loadAccessBindings,
  type AccessControl,
  type ServiceIdentity,
  type ServiceMetrics,
  type TokenVerifier,
} from '@sluice/service-kit'
import type { Logger } from 'pino'
import { Counter, Gauge } from 'prom-client'
import type { LogServiceConfig } from './config.ts'
import { createBlobLinks, type BlobLinks } from './modules/blob/blob-link.ts'
import type { BlobStore } from './modules/blob/blob-store.ts'
import { createBlockIndex, type BlockIndex } from './modules/blob/block-index.ts'
import { openLocalBlobStore } from './modules/blob/local-blob-store.ts'
import { createSegmentReader, type SegmentReader } from './modules/blob/segment-reader.ts'
import { createAccountQuota, type AccountQuota } from './modules/stream/account-quota.ts'
import { createLinePublisher, LineChannel, type LinePublisher } from './modules/stream/line-channel.ts'
import { createLogTokenReader, type LogTokenReader } from './modules/stream/log-token.ts'
import { createReaders, type Readers } from './modules/stream/readers.ts'
import { createStreamStore, type StreamStore } from './modules/stream/stream-store.ts'

export interface LogServiceDeps {
  config: LogServiceConfig
  logger: Logger
  identity: ServiceIdentity
  metrics: ServiceMetrics
  verifier: TokenVerifier
  access: AccessControl
  logTokens: LogTokenReader
  links: BlobLinks
  store: StreamStore
  index: BlockIndex
  blobs: BlobStore
  segments: SegmentReader
  quota: AccountQuota
  publisher: LinePublisher
  channel: LineChannel
  readers: Readers
  counters: { lines: Counter; bytes: Counter }
  /** Named checks of what the service can't do without. */
  checks: Record<string, () => Promise<unknown>>
  /** Closes what was opened here. */
  close(): Promise<void>
}

/** Connections of one replica: appends are single statements, so few serve many writers. */
const POOL_MAX = 10

/** Opens everything that log-service works with. */
export async function createDeps(config: LogServiceConfig): Promise<LogServiceDeps> {
  const logger = createLogger(config)
  const identity = createIdentity(config.tls)
  const metrics = createMetrics('log-service')
  const registers = [metrics.registry]
  const lines = new Counter({ name: 'sluice_log_lines_total', help: 'Lines received.', registers })
  const bytes = new Counter({ name: 'sluice_log_bytes_total', help: 'NDJSON bytes received.', registers })
  const unpublished = new Counter({
    name: 'sluice_log_unpublished_total',
    help: 'Batches that live readers had to fetch from the store because Redis did not take them.',
    registers,
  })

  const blobs = await openLocalBlobStore(join(config.dataDir, 'blobs'))
  const pool = createPool({ url: config.databaseUrl, applicationName: 'log-service', max: POOL_MAX })
  const onError = (error: unknown): void => logger.warn({ err: error }, 'redis')
  const commands = createRedis({ url: config.redisUrl, onError })
  const subscriber = createRedis({ url: config.redisUrl, role: 'subscriber', onError })

  const store = createStreamStore(pool)
  const index = createBlockIndex(pool)
  const readers = createReaders(config.limits.readersPerAccount)
  void new Gauge({
    name: 'sluice_log_readers',
    help: 'Live readers.',
    registers,
    collect() {
      this.set(readers.count())
    },
  })

  return {
    config,
    logger,
    identity,
    metrics,
    verifier: createTokenVerifier({ identity }),
    access: createAccessControl({ loadBindings: loadAccessBindings(pool) }),
    logTokens: createLogTokenReader(identity),
    links: createBlobLinks(identity),
    store,
    index,
    blobs,
    segments: createSegmentReader({ store, index, blobs }),
    quota: createAccountQuota(store, config.limits.accountBytesPerDay),
    publisher: createLinePublisher(commands, unpublished),
    channel: new LineChannel(subscriber, onError),
    readers,
    counters: { lines, bytes },
    checks: {
      postgres: () => pool.query('select 1'),
      redis: () => commands.ping(),
      blobs: () => blobs.check(),
    },
    async close() {
      subscriber.disconnect()
      // What was published last goes out first, if Redis is there.
      await commands.quit().catch(onError)
      await pool.end()
      identity.close()
    },
  }
}

import { channelName, createRedis } from '@sluice/database'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { z } from 'zod'

/** What a replica tells the one that holds a delegate's socket. Every one is a hint at a row that is stored. */
export const ReplicaNotice = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('offer'),
    accountId: z.string(),
    delegateId: z.string(),
    taskId: z.string(),
    offerId: z.string(),
  }),
  z.object({
    type: z.literal('cancel'),
    accountId: z.string(),
    delegateId: z.string(),
    taskId: z.string(),
    reason: z.string(),
  }),
  z.object({ type: z.literal('supersede'), accountId: z.string(), delegateId: z.string(), connectionId: z.string() }),
])
export type ReplicaNotice = z.infer<typeof ReplicaNotice>

/** A revocation that ng-core published. */
const Revocation = z.object({ accountId: z.string(), kind: z.string(), id: z.string().optional() })

/** One socket of this replica. */
export interface HubConnection {
  readonly connectionId: string
  readonly accountId: string
  readonly delegateId: string
  readonly tokenId: string
  notice(notice: ReplicaNotice): void
  revoke(reason: string): void
  drain(reason: string, graceMs: number): void
  /** Resolves when the socket is gone. */
  closed: Promise<void>
}

/**
 * The sockets of this replica by delegate, and pub/sub to the other replicas.
 * A notice that gets lost is made up for by the periodic look at the rows.
 */
export class ConnectionHub {
  readonly #replicaId: string
  readonly #redis: Redis
  readonly #redisUrl: string
  readonly #logger: Logger
  readonly #connections = new Map<string, HubConnection>()
  #subscriber: Redis | undefined

  constructor(options: { replicaId: string; redis: Redis; redisUrl: string; logger: Logger }) {
    this.#replicaId = options.replicaId
    this.#redis = options.redis
    this.#redisUrl = options.redisUrl
    this.#logger = options.logger
  }

  async start(): Promise<void> {
    const onError = (error: Error): void => this.#logger.warn({ err: error }, 'redis is away')
    const subscriber = createRedis({ url: this.#redisUrl, role: 'subscriber', onError })
    const own = channelName('delegate.replica', this.#replicaId)
    subscriber.on('message', (channel: string, text: string) => {
      if (channel === own) this.#takeNotice(text)
    })
    subscriber.on('pmessage', (_pattern: string, _channel: string, text: string) => this.#takeRevocation(text))
    this.#subscriber = subscriber
    await subscriber.subscribe(own)
    await subscriber.psubscribe(channelName('ng.revocation', '*'))
  }

  get size(): number {
    return this.#connections.size
  }

  connectionIds(): string[] {
    return [...this.#connections.values()].map((connection) => connection.connectionId)
  }

  add(connection: HubConnection): void {
    this.#connections.set(`${connection.accountId}/${connection.delegateId}`, connection)
  }

  remove(connection: HubConnection): void {
    const key = `${connection.accountId}/${connection.delegateId}`
    if (this.#connections.get(key) === connection) this.#connections.delete(key)
  }

  /** Hands a notice to the delegate's connection, here or on the replica that holds it. */
  async notify(replicaId: string, notice: ReplicaNotice): Promise<void> {
    if (replicaId === this.#replicaId) return this.#deliver(notice)
    try {
      await this.#redis.publish(channelName('delegate.replica', replicaId), JSON.stringify(notice))
    } catch (error) {
      this.#logger.warn({ err: error, replicaId }, 'notice not published; the periodic look finds the row')
    }
  }

  /** Tells every delegate to reconnect elsewhere and waits for the sockets to go, `graceMs` at most. */
  async drain(reason: string, graceMs: number): Promise<void> {
    const connections = [...this.#connections.values()]
    for (const connection of connections) connection.drain(reason, graceMs)
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([Promise.all(connections.map((connection) => connection.closed)), limit])
    clearTimeout(timer)
  }

  stop(): void {
    this.#subscriber?.disconnect()
  }

  #deliver(notice: ReplicaNotice): void {
    this.#connections.get(`${notice.accountId}/${notice.delegateId}`)?.notice(notice)
  }

  #takeNotice(text: string): void {
    const parsed = ReplicaNotice.safeParse(parseJson(text))
    if (parsed.success) this.#deliver(parsed.data)
  }

  #takeRevocation(text: string): void {
    const parsed = Revocation.safeParse(parseJson(text))
    if (!parsed.success || parsed.data.kind !== 'delegateToken') return
    for (const connection of this.#connections.values()) {
      if (connection.accountId === parsed.data.accountId && connection.tokenId === parsed.data.id) {
        connection.revoke('the delegate token was revoked')
      }
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { Revocation } from '@sluice/contracts/revocation'
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

/** One socket of this replica. */
export interface HubConnection {
  readonly connectionId: string
  readonly accountId: string
  readonly delegateId: string
  readonly tokenId: string
  /** It may be offered tasks. */
  readonly isOpen: boolean
  notice(notice: ReplicaNotice): void
  revoke(reason: string): void
  drain(reason: string, graceMs: number): void
  /** Resolves when the socket is gone. */
  closed: Promise<void>
}

/** Told of an offer whose delegate has no socket where the row says. */
export type OnMissedOffer = (offer: Extract<ReplicaNotice, { type: 'offer' }>, replicaId: string) => void

/**
 * The sockets of this replica by delegate, and pub/sub to the other replicas.
 * A notice that gets lost is made up for: an offer by the periodic look at the rows, a cancellation by the delegate's next
 * heartbeat.
 */
export class ConnectionHub {
  readonly #replicaId: string
  readonly #redis: Redis
  readonly #redisUrl: string
  readonly #logger: Logger
  readonly #connections = new Map<string, HubConnection>()
  #subscriber: Redis | undefined
  #onMissedOffer: OnMissedOffer = () => undefined
  #draining = false

  constructor(options: { replicaId: string; redis: Redis; redisUrl: string; logger: Logger }) {
    this.#replicaId = options.replicaId
    this.#redis = options.redis
    this.#redisUrl = options.redisUrl
    this.#logger = options.logger
  }

  async start(onMissedOffer: OnMissedOffer): Promise<void> {
    this.#onMissedOffer = onMissedOffer
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

  /** This replica is about to stop: it takes no more sockets. */
  get isDraining(): boolean {
    return this.#draining
  }

  connections(): HubConnection[] {
    return [...this.#connections.values()]
  }

  /** Makes this the delegate's connection here; an older one ends. */
  add(connection: HubConnection): void {
    const key = `${connection.accountId}/${connection.delegateId}`
    const older = this.#connections.get(key)
    this.#connections.set(key, connection)
    if (older !== undefined && older !== connection) supersede(older)
  }

  remove(connection: HubConnection): void {
    const key = `${connection.accountId}/${connection.delegateId}`
    if (this.#connections.get(key) === connection) this.#connections.delete(key)
  }

  /** Hands a notice to the delegate's connection, here or on the replica that holds it. */
  async notify(replicaId: string, notice: ReplicaNotice): Promise<void> {
    if (replicaId === this.#replicaId) return this.#deliver(notice)
    try {
      const receivers = await this.#redis.publish(channelName('delegate.replica', replicaId), JSON.stringify(notice))
      if (receivers === 0 && notice.type === 'offer') this.#onMissedOffer(notice, replicaId)
    } catch (error) {
      this.#logger.warn(
        { err: error, replicaId },
        'notice not published; the periodic look or the next heartbeat makes up for it',
      )
    }
  }

  /** Tells every delegate to reconnect elsewhere and waits for the sockets to go, `graceMs` at most. */
  async drain(reason: string, graceMs: number): Promise<void> {
    this.#draining = true
    const connections = this.connections()
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
    const connection = this.#connections.get(`${notice.accountId}/${notice.delegateId}`)
    if (connection !== undefined) connection.notice(notice)
    else if (notice.type === 'offer') this.#onMissedOffer(notice, this.#replicaId)
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

/** Ends a connection that a newer one of the same delegate replaces. */
export function supersede(connection: HubConnection): void {
  const { accountId, delegateId, connectionId } = connection
  connection.notice({ type: 'supersede', accountId, delegateId, connectionId })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

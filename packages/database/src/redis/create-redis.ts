import { Redis, type RedisOptions } from 'ioredis'

/**
 * What the connection is for:
 * - `commands`: a command fails within a second when Redis is away, because what it does is never the only copy;
 * - `blocking`: waits for Redis as long as it takes (BullMQ workers);
 * - `subscriber`: pub/sub only, subscribes again after a reconnect.
 */
export type RedisRole = 'commands' | 'blocking' | 'subscriber'

/** Options for a connection of our own or of BullMQ. `url`: `redis://user:password@host:port[/db]` or `rediss://…`. */
export function redisOptions(url: string, role: RedisRole) {
  const { hostname, port, username, password, protocol, pathname } = new URL(url)
  return {
    host: hostname,
    port: port === '' ? 6379 : Number(port),
    username: decodeURIComponent(username) || undefined,
    password: decodeURIComponent(password) || undefined,
    db: Number(pathname.slice(1) || 0),
    tls: protocol === 'rediss:' ? {} : undefined,
    connectTimeout: 5_000,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000),
    maxRetriesPerRequest: role === 'commands' ? 1 : null,
    ...(role === 'commands' ? { commandTimeout: 5_000 } : {}),
  } satisfies RedisOptions
}

export interface CreateRedisOptions {
  url: string
  role?: RedisRole
  /** Called with connection errors; the connection itself goes on trying. */
  onError: (error: Error) => void
}

/** A connection to Redis. The caller quits it. */
export function createRedis(options: CreateRedisOptions): Redis {
  const redis = new Redis(redisOptions(options.url, options.role ?? 'commands'))
  redis.on('error', (error: Error) => options.onError(withoutCommand(error)))
  return redis
}

/**
 * ioredis hangs the command and its arguments on an error: `AUTH` with the password, `PUBLISH` with the payload. Whoever
 * logs the error must not log those.
 */
export function withoutCommand(error: Error): Error {
  if ('command' in error) delete error.command
  return error
}

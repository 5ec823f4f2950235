import { createHash } from 'node:crypto'
import { SERVICE_NAMES } from '@sluice/contracts/network'
import { CHANNELS, QUEUE_PREFIX, QUEUES, type ChannelSpec, type QueueSpec } from '@sluice/contracts/queues'
import { ownKeyPrefix } from './keys.ts'

export interface RedisAclOptions {
  /** By service. */
  passwords: Record<string, string>
  /** Of the user `admin`, for whoever runs Redis. No service knows it. */
  adminPassword: string
}

const queues: readonly [string, QueueSpec][] = Object.entries(QUEUES)
const channels: readonly [string, ChannelSpec][] = Object.entries(CHANNELS)

/**
 * Nobody can sign in as `default`. It keeps every right all the same: Redis replays its append-only file as this user, and
 * drops every transaction and script whose commands the user may not call (a counter without its expiry, half a job).
 */
const NOBODY = 'user default off resetpass ~* &* +@all'

/**
 * Text of Redis' ACL file: one user per service that reaches the keys of its queues, its own keys and its channels, and
 * nothing else. Redis can't part publishing from subscribing per channel before version 7; a service that only
 * subscribes can't publish at all.
 */
export function redisAcl(options: RedisAclOptions): string {
  const lines = SERVICE_NAMES.map((service) => {
    const password = options.passwords[service]
    if (password === undefined) throw new Error(`There is no Redis password for "${service}".`)
    const keys = queues
      .filter(([, { receiver, producers }]) => receiver === service || producers.includes(service))
      .map(([name]) => `~${QUEUE_PREFIX}:${name}:*`)
    const published = channels.filter(([, { publishers }]) => publishers.includes(service))
    const subscribed = channels.filter(([, { subscribers }]) => subscribers.includes(service))
    return [
      ...userOf(service, password),
      'resetkeys',
      ...keys,
      `~${ownKeyPrefix(service)}*`,
      'resetchannels',
      ...new Set([...published, ...subscribed].map(([name]) => `&${name}:*`)),
      // BullMQ reads `info` for the version and names its connections; both count as dangerous or administrative.
      // Key patterns don't hold for commands that list names: keys hold addresses and ids of others.
      '+@all -@dangerous -@admin -scan -randomkey +info +client|setname',
      ...(published.length === 0 ? ['-publish -spublish'] : []),
    ].join(' ')
  })
  const admin = [...userOf('admin', options.adminPassword), '~* &* +@all'].join(' ')
  return `${[NOBODY, admin, ...lines].join('\n')}\n`
}

/** The file holds hashes, so that reading it gives nobody a password. */
function userOf(name: string, password: string): string[] {
  return ['user', name, 'on', `#${createHash('sha256').update(password).digest('hex')}`]
}

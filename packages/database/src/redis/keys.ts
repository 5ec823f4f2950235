import type { ServiceName } from '@sluice/contracts/network'
import { QUEUE_PREFIX, type ChannelName } from '@sluice/contracts/queues'

/** Full name of a pub/sub channel: `<name>:<suffix>`. */
export function channelName(channel: ChannelName, suffix: string): string {
  return `${channel}:${suffix}`
}

/** Prefix of the keys that only this service's Redis user may touch (rate limits, presence of sockets). */
export function ownKeyPrefix(service: ServiceName): string {
  return `${QUEUE_PREFIX}:own:${service}:`
}

/** One of a service's own keys, e.g. `sluice:own:gateway:rate:10.0.0.1`. */
export function ownKey(service: ServiceName, ...parts: string[]): string {
  return ownKeyPrefix(service) + parts.join(':')
}

import { existsSync } from 'node:fs'
import { hostname } from 'node:os'

/** Files that container engines put into every container. */
const CONTAINER_FILES = ['/.dockerenv', '/run/.containerenv']
/** What a capability may hold, without its prefix. */
const HOST_MAX = 100

/**
 * What the delegate says of the machine that it runs on: people look for it, tasks never ask for it.
 * @param said '1' or '0' where the image or the owner says whether this is a container
 */
export function machineCapabilities(said: string | undefined): string[] {
  const inContainer = said === undefined ? CONTAINER_FILES.some((file) => existsSync(file)) : said === '1'
  return [`host:${hostname().slice(0, HOST_MAX)}`, `place:${inContainer ? 'container' : 'host'}`]
}

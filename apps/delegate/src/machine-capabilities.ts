import { existsSync } from 'node:fs'
import { hostname } from 'node:os'

/** Files that container engines put into every container. */
const CONTAINER_FILES = ['/.dockerenv', '/run/.containerenv']
/** What a capability may hold, without its prefix. */
const HOST_MAX = 100

/** What the delegate says of the machine that it runs on: people look for it, tasks never ask for it. */
export function machineCapabilities(): string[] {
  const inContainer =
    process.env['KUBERNETES_SERVICE_HOST'] !== undefined || CONTAINER_FILES.some((file) => existsSync(file))
  return [`host:${hostname().slice(0, HOST_MAX)}`, `place:${inContainer ? 'container' : 'host'}`]
}

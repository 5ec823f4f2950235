import type { ServiceName } from '@sluice/contracts/network'
import { schemaOwner } from './roles.ts'

export interface ServiceDatabaseUrlOptions {
  /** URL of any user to the server; host, port and parameters are taken from it. */
  serverUrl: string
  service: ServiceName
  password: string
  database?: string
}

/** URL of a service's own role to Sluice's database. */
export function serviceDatabaseUrl(options: ServiceDatabaseUrlOptions): string {
  const url = new URL(options.serverUrl)
  url.username = schemaOwner(options.service).role
  url.password = encodeURIComponent(options.password)
  if (options.database !== undefined) url.pathname = `/${options.database}`
  return url.href
}

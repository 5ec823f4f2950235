import type { ServiceName } from '@sluice/contracts/network'
import { bootstrapDatabase } from './bootstrap-database.ts'
import { migrateService } from './migrate-service.ts'
import { SCHEMA_OWNERS } from './roles.ts'
import { serviceDatabaseUrl } from './service-database-url.ts'

/** Password of every role where the server lives for one run only, on loopback. */
const PASSWORD = 'one-run-only'

/** How to make a database for `cloneDatabase` of @sluice/testing. */
export interface PreparedServices {
  /** Names what `prepare` makes: databases of the same key are interchangeable. */
  key: string
  /** Fills the database that the superuser's URL points at. */
  prepare(superuserUrl: string): Promise<void>
  /** URL of a service's own role to the database of the superuser's URL. */
  urlOf(superuserUrl: string, service: ServiceName): string
}

/** A database with every role and schema, in which the named services are migrated in this order. */
export function prepareServices(services: readonly ServiceName[]): PreparedServices {
  return {
    key: services.join('+') || 'bootstrap',
    prepare: async (superuserUrl) => {
      const passwords = Object.fromEntries(SCHEMA_OWNERS.map(({ service }) => [service, PASSWORD]))
      await bootstrapDatabase({ superuserUrl, database: new URL(superuserUrl).pathname.slice(1), passwords })
      for (const service of services) await migrateService({ url: urlOf(superuserUrl, service), service })
    },
    urlOf,
  }
}

function urlOf(superuserUrl: string, service: ServiceName): string {
  return serviceDatabaseUrl({ serverUrl: superuserUrl, service, password: PASSWORD })
}

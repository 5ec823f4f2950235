import { SERVICE_NAMES, SERVICES, type ServiceName } from '@sluice/contracts/network'

/** A service that owns a Postgres schema, with its schema and its login role. */
export interface SchemaOwner {
  service: ServiceName
  schema: string
  role: string
}

/** Every service that owns a schema, in the order of the network table. */
export const SCHEMA_OWNERS: readonly SchemaOwner[] = SERVICE_NAMES.flatMap((service) => {
  const { schema } = SERVICES[service]
  return schema === undefined ? [] : [{ service, schema, role: `sluice_${service.replaceAll('-', '_')}` }]
})

/** @throws Error for a service without a schema of its own */
export function schemaOwner(service: ServiceName): SchemaOwner {
  const owner = SCHEMA_OWNERS.find((candidate) => candidate.service === service)
  if (!owner) throw new Error(`The service "${service}" owns no Postgres schema.`)
  return owner
}

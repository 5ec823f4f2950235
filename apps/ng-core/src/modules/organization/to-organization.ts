import type { Organization } from '@sluice/contracts/organizations'
import { Tags } from '@sluice/contracts/ids'

interface OrganizationRow {
  identifier: string
  name: string
  description: string
  tags: unknown
  version: number
  createdAt: Date
  updatedAt: Date
}

/** A row as it is told. */
export function toOrganization(row: OrganizationRow): Organization {
  return {
    identifier: row.identifier,
    name: row.name,
    description: row.description,
    tags: Tags.parse(row.tags),
    version: row.version,
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.updatedAt.getTime(),
  }
}

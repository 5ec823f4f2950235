import { Tags } from '@sluice/contracts/ids'
import type { Project } from '@sluice/contracts/projects'

interface ProjectRow {
  orgIdentifier: string
  identifier: string
  name: string
  description: string
  tags: unknown
  version: number
  createdAt: Date
  updatedAt: Date
}

/** A row as it is told. */
export function toProject(row: ProjectRow): Project {
  return {
    orgIdentifier: row.orgIdentifier,
    identifier: row.identifier,
    name: row.name,
    description: row.description,
    tags: Tags.parse(row.tags),
    version: row.version,
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.updatedAt.getTime(),
  }
}

import { Tags } from '@sluice/contracts/ids'
import { BUILT_IN_SECRET_MANAGER, type SecretEnvelope } from '@sluice/contracts/secrets'
import { scopeParts } from '../scope/require-scope.ts'

interface SecretRow {
  orgIdentifier: string | null
  projectIdentifier: string | null
  identifier: string
  name: string
  description: string
  tags: unknown
  connectorsOnly: boolean
  currentVersion: number
  version: number
  createdAt: Date
  updatedAt: Date
}

/** A row as it is told; there is nothing of the value in it. */
export function toSecret(row: SecretRow): SecretEnvelope {
  return {
    secret: {
      type: 'SecretText',
      identifier: row.identifier,
      name: row.name,
      description: row.description,
      ...scopeParts(row),
      tags: Tags.parse(row.tags),
      spec: {
        secretManagerIdentifier: BUILT_IN_SECRET_MANAGER,
        valueType: 'Inline',
        connectorsOnly: row.connectorsOnly,
      },
    },
    secretVersion: row.currentVersion,
    version: row.version,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  }
}

import { ConnectorInput, ConnectorStatus, type ConnectorEnvelope } from '@sluice/contracts/connectors'
import { scopeParts } from '../scope/require-scope.ts'

export interface ConnectorRow {
  accountId: string
  id: string
  orgIdentifier: string | null
  projectIdentifier: string | null
  identifier: string
  name: string
  description: string
  tags: unknown
  type: string
  spec: unknown
  status: string
  testedAt: Date | null
  lastConnectedAt: Date | null
  errorSummary: string | null
  version: number
  createdAt: Date
  updatedAt: Date
}

/** A row as it is told. */
export function toConnector(row: ConnectorRow): ConnectorEnvelope {
  return {
    connector: ConnectorInput.parse({
      identifier: row.identifier,
      name: row.name,
      description: row.description,
      ...scopeParts(row),
      tags: row.tags,
      type: row.type,
      spec: row.spec,
    }),
    version: row.version,
    createdAt: row.createdAt.getTime(),
    lastModifiedAt: row.updatedAt.getTime(),
    status: ConnectorStatus.parse({
      status: row.status,
      testedAt: row.testedAt?.getTime(),
      lastConnectedAt: row.lastConnectedAt?.getTime(),
      errorSummary: row.errorSummary ?? undefined,
    }),
  }
}

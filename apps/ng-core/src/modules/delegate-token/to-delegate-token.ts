import { DelegateToken } from '@sluice/contracts/delegates'
import { scopeParts } from '../scope/require-scope.ts'

interface DelegateTokenRow {
  id: string
  name: string
  orgIdentifier: string | null
  projectIdentifier: string | null
  namePattern: string
  allowedTags: unknown
  requiresApproval: boolean
  status: string
  createdAt: Date
  revokedAt: Date | null
}

/** A row as it is told: never its key. */
export function toDelegateToken(row: DelegateTokenRow): DelegateToken {
  return DelegateToken.parse({
    identifier: row.id,
    name: row.name,
    ...scopeParts(row),
    namePattern: row.namePattern,
    allowedTags: row.allowedTags,
    requiresApproval: row.requiresApproval,
    status: row.status,
    createdAt: row.createdAt.getTime(),
    revokedAt: row.revokedAt?.getTime(),
  })
}

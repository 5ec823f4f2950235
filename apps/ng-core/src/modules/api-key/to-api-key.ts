import type { ApiKey } from '@sluice/contracts/api-keys'

interface ApiKeyRow {
  id: string
  name: string
  userId: string
  user: { name: string }
  createdAt: Date
  expiresAt: Date | null
  revokedAt: Date | null
  lastUsedAt: Date | null
}

/** A row as it is told: never the secret's hash. */
export function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    identifier: row.id,
    name: row.name,
    userId: row.userId,
    userName: row.user.name,
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt?.getTime(),
    revokedAt: row.revokedAt?.getTime(),
    lastUsedAt: row.lastUsedAt?.getTime(),
  }
}

import type { ChangeSetId } from '../model/change-log.ts'
import { normalisePath } from '../parse/path.ts'

export const EXEC_TYPES = ['EXECUTED', 'RERAN', 'MARK_RAN'] as const
export type ExecType = (typeof EXEC_TYPES)[number]

/** A row of DATABASECHANGELOG. */
export interface HistoryRow {
  id: string
  author: string
  filename: string
  /** `2026-01-31 12:00:00.123456`, in the time zone of whoever wrote it. */
  dateExecuted: string
  orderExecuted: number
  execType: string
  md5sum: string | null
  description: string | null
  comments: string | null
  tag: string | null
  liquibase: string | null
  contexts: string | null
  labels: string | null
  deploymentId: string | null
}

/** Equal for a changeset and its row: id and author in any case, the path in its canonical form. */
export function identityKey(changeSet: ChangeSetId): string {
  const path = normalisePath(changeSet.filePath) ?? changeSet.filePath
  return JSON.stringify([changeSet.id.toLowerCase(), changeSet.author.toLowerCase(), path])
}

export function rowIdentity(row: HistoryRow): ChangeSetId {
  return { id: row.id, author: row.author, filePath: row.filename }
}

import { createHash } from 'node:crypto'
import type { Dialect } from '@sluice/drivers/driver'
import { dbmsMatches } from '../expression/dbms.ts'
import type { Change, ChangeSet, SqlBlock } from '../model/change-log.ts'
import { serialiseChange } from './serialise-change.ts'

/** 8: Liquibase 3.5 to 4.21; 9: 4.22 and later. */
export const CHECKSUM_VERSIONS = [8, 9] as const
export type ChecksumVersion = (typeof CHECKSUM_VERSIONS)[number]
export const CURRENT_CHECKSUM_VERSION: ChecksumVersion = 9

/**
 * The checksum of a changeset as the history table stores it, `9:` and 32 hex digits. Contexts, labels, comments,
 * preconditions and rollback are no part of it.
 * @returns null when it holds a change type that this engine can't hash.
 */
export function changeSetChecksum(changeSet: ChangeSet, dialect: Dialect, version: ChecksumVersion): string | null {
  let parts = ''
  for (const change of changeSet.changes) {
    if (change.kind === 'unbuilt') return null
    // Since version 9 a change for another database doesn't count; before, it did.
    if (version === 9 && 'dbms' in change && !dbmsMatches(change.dbms, dialect)) continue
    parts += `${changeChecksum(change, version)}:`
  }
  return `${version}:${md5OfText(parts)}`
}

function changeChecksum(change: Exclude<Change, { kind: 'unbuilt' }>, version: ChecksumVersion): string {
  switch (change.kind) {
    case 'sql':
      return `${version}:${sqlDigest(change.block.text.text, change.block, version)}`
    case 'sqlFile':
      // The file as it is: properties are replaced only after the checksum is taken.
      return `${version}:${sqlDigest(change.raw, change.block, version)}`
    case 'tagDatabase':
      return `${version}:${md5OfText(serialiseChange('tagDatabase', { tag: change.tag }))}`
    case 'empty':
      return `${version}:${md5OfText(serialiseChange('empty', {}))}`
  }
}

function sqlDigest(sql: string, block: SqlBlock, version: ChecksumVersion): string {
  if (version === 9) return md5(sql.replace(/[ \t\n\r]+/g, ''))
  const header = `${block.endDelimiter ?? 'null'}:${block.splitStatements}:${block.stripComments}:`
  return md5(header + sql.replace(/[ \t\n\r]+/g, ' ').replace(/^ | $/g, ''))
}

/** Text is normalised first: line ends, U+FFFD, composed characters. */
function md5OfText(text: string): string {
  return md5(text.replace(/\r\n?/g, '\n').replaceAll('\uFFFD', '').normalize('NFC'))
}

function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex')
}

/**
 * How a stored checksum relates to the changeset of today.
 * `upgrade`: it holds, but in an older version (or is empty) and is rewritten in place when the changelog is applied.
 * `unknown`: the changeset holds a change type that can't be hashed here.
 */
export type ChecksumVerdict = 'equal' | 'upgrade' | 'changed' | 'unknown'

/** Compares by the version of the stored checksum; versions before 8 are compared with version 8's rules, as Liquibase does. */
export function judgeChecksum(stored: string | null, changeSet: ChangeSet, dialect: Dialect): ChecksumVerdict {
  const current = changeSetChecksum(changeSet, dialect, CURRENT_CHECKSUM_VERSION)
  if (current === null) return 'unknown'
  if (stored === null || stored === '') return 'upgrade'
  if (stored === current) return 'equal'
  if (stored.startsWith(`${CURRENT_CHECKSUM_VERSION}:`)) return 'changed'
  const older = changeSetChecksum(changeSet, dialect, 8)
  const digest = stored.includes(':') ? stored.slice(stored.indexOf(':') + 1) : stored
  return older !== null && older.slice(2) === digest ? 'upgrade' : 'changed'
}

/** Whether the changeset itself says that a differing checksum is fine: ANY, or the stored or the current one by value. */
export function acceptsChecksum(
  validCheckSums: readonly string[],
  stored: string | null,
  current: string | null,
): boolean {
  return validCheckSums.some((valid) => {
    const text = valid.trim().toLowerCase()
    const bare = text.startsWith('1:') ? text.slice(2) : text
    return (
      bare === 'any' ||
      bare === 'all' ||
      bare === '*' ||
      text === stored?.toLowerCase() ||
      text === current?.toLowerCase()
    )
  })
}

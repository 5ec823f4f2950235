import type { Dialect } from '@sluice/drivers/driver'
import { acceptsChecksum, changeSetChecksum, CURRENT_CHECKSUM_VERSION, judgeChecksum } from '../checksum/checksum.ts'
import type { Problem } from '../error.ts'
import { checkFilter } from '../expression/check-filter.ts'
import { contextsMatch } from '../expression/contexts.ts'
import { dbmsMatches } from '../expression/dbms.ts'
import { labelsMatch } from '../expression/labels.ts'
import { identityKey, rowIdentity, type HistoryRow } from '../history/history-row.ts'
import { formatChangeSetId, type ChangeLog, type ChangeSet } from '../model/change-log.ts'
import { formatPosition } from '../model/position.ts'

export interface Filters {
  contexts: readonly string[]
  labelFilter: string | undefined
}

/** What becomes of one changeset. */
export type Decision =
  | { kind: 'run'; changeSet: ChangeSet; row: HistoryRow | undefined; reason: string }
  | {
      kind: 'skip'
      changeSet: ChangeSet
      row: HistoryRow | undefined
      reason: 'deployed' | 'context' | 'labels' | 'dbms' | 'ignored'
      sentence: string
    }
  | { kind: 'upgrade'; changeSet: ChangeSet; row: HistoryRow; to: string }
  | { kind: 'changed'; changeSet: ChangeSet; row: HistoryRow; problem: Problem }

export interface Decisions {
  decisions: Decision[]
  /** Duplicates among the changesets that pass the filters. */
  duplicates: Problem[]
  unknown: HistoryRow[]
}

/** Compares changelog and history. Pure. @throws ChangelogError INVALID_FILTER */
export function decide(changelog: ChangeLog, rows: readonly HistoryRow[], filters: Filters): Decisions {
  checkFilter(filters.labelFilter)
  const byKey = new Map(rows.map((row) => [identityKey(rowIdentity(row)), row]))
  const seen = new Map<string, ChangeSet>()
  const known = new Set<string>()
  const duplicates: Problem[] = []
  const decisions = changelog.changeSets.map((changeSet): Decision => {
    const key = identityKey(changeSet)
    known.add(key)
    const row = byKey.get(key)
    const filtered = filteredOut(changeSet, changelog.dialect, filters)
    if (filtered !== undefined) return { kind: 'skip', changeSet, row, ...filtered }
    const first = seen.get(key)
    if (first === undefined) seen.set(key, changeSet)
    else {
      duplicates.push({
        code: 'DUPLICATE_CHANGESET',
        at: changeSet.at,
        changeSet: id(changeSet),
        sentence: `changeset "${formatChangeSetId(changeSet)}" is also at ${formatPosition(first.at)}. Give one of them another id`,
      })
    }
    return row === undefined
      ? { kind: 'run', changeSet, row, reason: 'not in the history' }
      : decideRan(changeSet, row, changelog.dialect)
  })
  return { decisions, duplicates, unknown: rows.filter((row) => !known.has(identityKey(rowIdentity(row)))) }
}

function filteredOut(changeSet: ChangeSet, dialect: Dialect, filters: Filters) {
  if (!dbmsMatches(changeSet.dbms, dialect)) {
    return { reason: 'dbms' as const, sentence: `is for "${changeSet.dbms ?? ''}", this is ${dialect}` }
  }
  if (!contextsMatch(changeSet.contexts, filters.contexts)) {
    return {
      reason: 'context' as const,
      sentence: `its context "${changeSet.contexts}" does not match "${filters.contexts.join(',')}"`,
    }
  }
  if (!labelsMatch(changeSet.labels, filters.labelFilter)) {
    return {
      reason: 'labels' as const,
      sentence: `its labels "${changeSet.labels}" do not match "${filters.labelFilter ?? ''}"`,
    }
  }
  if (changeSet.ignore) return { reason: 'ignored' as const, sentence: 'is set to be ignored' }
  return undefined
}

function decideRan(changeSet: ChangeSet, row: HistoryRow, dialect: Dialect): Decision {
  if (changeSet.runAlways) return { kind: 'run', changeSet, row, reason: 'runAlways' }
  const verdict = judgeChecksum(row.md5sum, changeSet, dialect)
  const current = changeSetChecksum(changeSet, dialect, CURRENT_CHECKSUM_VERSION)
  const deployed: Decision = {
    kind: 'skip',
    changeSet,
    row,
    reason: 'deployed',
    sentence: `was deployed ${row.dateExecuted}`,
  }
  switch (verdict) {
    case 'equal':
      return deployed
    case 'unknown':
      return {
        ...deployed,
        sentence: `was deployed ${row.dateExecuted}; its checksum can't be verified, because it holds a change type that is not built yet`,
      }
    case 'upgrade':
      return { kind: 'upgrade', changeSet, row, to: current ?? '' }
    case 'changed':
      if (changeSet.runOnChange)
        return { kind: 'run', changeSet, row, reason: 'runOnChange: it was changed since it ran' }
      if (acceptsChecksum(changeSet.validCheckSums, row.md5sum, current)) return deployed
      return { kind: 'changed', changeSet, row, problem: changedProblem(changeSet, row, current) }
  }
}

function changedProblem(changeSet: ChangeSet, row: HistoryRow, current: string | null): Problem {
  const name = formatChangeSetId(changeSet)
  const what = `changeset "${name}" was changed after it ran: the history has ${row.md5sum ?? 'none'}, the file has ${current ?? 'none'}`
  const then = 'Take the change back and put it into a new changeset, or add "validCheckSum" if the change does no harm'
  return { code: 'CHECKSUM_CHANGED', at: changeSet.at, changeSet: id(changeSet), sentence: `${what}. ${then}` }
}

function id(changeSet: ChangeSet) {
  return { id: changeSet.id, author: changeSet.author, filePath: changeSet.filePath }
}

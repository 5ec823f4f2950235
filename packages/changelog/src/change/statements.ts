import type { Dialect } from '@sluice/drivers/driver'
import { splitStatements } from '../dialect/postgres/split-statements.ts'
import { dbmsMatches } from '../expression/dbms.ts'
import type { Change } from '../model/change-log.ts'
import type { SourceText } from '../model/source-text.ts'

/** The statements that a change sends, in order; none where its `dbms` names other databases. */
export function changeStatements(change: Change, dialect: Dialect): SourceText[] {
  switch (change.kind) {
    case 'sql':
    case 'sqlFile':
      return dbmsMatches(change.dbms, dialect) ? splitStatements(change.block) : []
    case 'tagDatabase':
    case 'empty':
    case 'unbuilt':
      return []
  }
}

/** A change as the history table's DESCRIPTION names it. */
export function describeChange(change: Change): string {
  switch (change.kind) {
    case 'sql':
    case 'empty':
    case 'tagDatabase':
      return change.kind
    case 'sqlFile':
      return `sqlFile path=${change.path}`
    case 'unbuilt':
      return change.name
  }
}

import type { Dialect } from '@sluice/drivers/driver'
import { formatChangeSetId, type Change, type ChangeSet } from '../model/change-log.ts'
import { changeStatements } from './statements.ts'

/** What a changeset sends, as people read it. Properties are replaced; secrets never were in it. */
export interface ChangeSetSql {
  statements: string[]
  /** Undefined where the changeset declares no way back; empty where there is nothing to take back. */
  rollback: string[] | undefined
}

/** The SQL of a changeset and of its declared rollback, whether it is pending or not. */
export function changeSetSql(changeSet: ChangeSet, dialect: Dialect): ChangeSetSql {
  return { statements: textsOf(changeSet.changes, dialect), rollback: rollbackOf(changeSet, dialect) }
}

function rollbackOf({ rollback }: ChangeSet, dialect: Dialect): string[] | undefined {
  switch (rollback?.kind) {
    case undefined:
      return undefined
    case 'nothing':
      return []
    case 'changes':
      return textsOf(rollback.changes, dialect)
    case 'changeSet':
      return [`-- runs changeset ${formatChangeSetId(rollback.changeSet)}`]
  }
}

function textsOf(changes: readonly Change[], dialect: Dialect): string[] {
  return changes.flatMap((change) => {
    if (change.kind === 'unbuilt') return [`-- ${change.name}: this change type is not built yet`]
    if (change.kind === 'tagDatabase') return [`-- tagDatabase: ${change.tag}`]
    return changeStatements(change, dialect).map(({ text }) => text)
  })
}

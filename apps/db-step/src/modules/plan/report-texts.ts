import { changeSetChecksum, changeSetSql, type ChangeLog, type ChangeSet } from '@sluice/changelog'
import { CHANGESET_SQL_MAX, type ChangesetText } from '@sluice/contracts/tasks'
import type { StepContext } from '../step/step-context.ts'

/** Of all texts together; a changelog with more keeps its later changesets without SQL. */
const TOTAL_MAX = 24 * 1024 * 1024

/** What each changeset says, masked and bounded, in the order of the changelog. */
export function changesetTexts(changelog: ChangeLog, context: Pick<StepContext, 'reporter'>): ChangesetText[] {
  let left = TOTAL_MAX
  return changelog.changeSets.map((changeSet) => {
    const text = toText(changeSet, changelog, context, Math.min(CHANGESET_SQL_MAX, left))
    left = Math.max(0, left - text.sql.length - (text.rollbackSql?.length ?? 0))
    return text
  })
}

function toText(
  changeSet: ChangeSet,
  { dialect }: ChangeLog,
  { reporter }: Pick<StepContext, 'reporter'>,
  limit: number,
): ChangesetText {
  const { statements, rollback } = changeSetSql(changeSet, dialect)
  // Masked before it is cut: half a secret would not be recognised.
  const cut = (sql: string) => ({ text: sql.slice(0, limit), isCut: sql.length > limit })
  const sql = cut(reporter.mask(joined(statements)))
  const back = rollback === undefined ? undefined : cut(reporter.mask(joined(rollback)))
  const checksum = changeSetChecksum(changeSet, dialect, 9)
  const { id, author, filePath, comment, labels, contexts } = changeSet
  return {
    id,
    author,
    path: filePath,
    sql: sql.text,
    truncated: sql.isCut,
    statementCount: statements.length,
    ...(back === undefined ? {} : { rollbackSql: back.text }),
    rollbackTruncated: back?.isCut ?? false,
    ...(comment === '' ? {} : { comment: reporter.mask(comment).slice(0, 4096) }),
    ...(labels === '' ? {} : { labels: labels.slice(0, 1024) }),
    ...(contexts === '' ? {} : { context: contexts.slice(0, 1024) }),
    ...(checksum === null ? {} : { checksum }),
    runAlways: changeSet.runAlways,
    runOnChange: changeSet.runOnChange,
    runInTransaction: changeSet.runInTransaction,
  }
}

/** Statements as a script: a semicolon after a comment at the end would be part of it. */
function joined(statements: readonly string[]): string {
  return statements
    .map((sql) => (/;\s*$/.test(sql) ? sql : /--[^\n]*$/.test(sql) ? `${sql}\n;` : `${sql};`))
    .join('\n\n')
}

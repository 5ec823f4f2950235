import type { Driver } from '@sluice/drivers/driver'
import { abortedAs } from '../abort.ts'
import { describeChange } from '../change/statements.ts'
import { changeSetChecksum, CURRENT_CHECKSUM_VERSION } from '../checksum/checksum.ts'
import type { Clock } from '../clock.ts'
import { ChangelogError, problemsError } from '../error.ts'
import { identityKey } from '../history/history-row.ts'
import { readHistory } from '../history/read-history.ts'
import { createMissingTables, historyTables, type HistoryOptions, type HistoryTables } from '../history/tables.ts'
import { deploymentIdAt, insertRows, type RowToWrite } from '../history/write-history.ts'
import { ChangelogLock } from '../lock/lock.ts'
import { formatChangeSetId, type ChangeLog, type ChangeSet, type ChangeSetId } from '../model/change-log.ts'
import { decide } from '../plan/decide.ts'
import { checkMayApply } from './check-may-apply.ts'
import { SessionGuard } from './session-guard.ts'

export interface BaselineOptions {
  clock: Clock
  owner: string
  /** How many changesets the caller expects to be marked: another number marks none. */
  expectedCount: number
  /** The last changeset to mark, or the tag that it sets; absent: all. */
  upTo?: ChangeSetId | { tag: string }
  contexts?: readonly string[]
  labelFilter?: string
  history?: HistoryOptions
  lockWaitMs?: number
  signal?: AbortSignal
}

export interface BaselineResult {
  /** In the order of the changelog. */
  marked: ChangeSetId[]
  deploymentId: string
  /** Tables and columns that were made for it. */
  created: string[]
  notices: string[]
}

/** The history table is only ever locked for an instant. */
const TABLE_LOCK_TIMEOUT_MS = 5_000

/**
 * Writes the history rows of all pending changesets without running them, as Liquibase's `changelog-sync` does, in one
 * transaction under the lock. Preconditions are not asked.
 *
 * @throws ChangelogError BASELINE_MOVED when another number would be marked than expected; BASELINE_END_UNKNOWN;
 * DUPLICATE_CHANGESET, CHANGELOG_LOCKED, APPLY_NOT_PERMITTED, LOCK_NOT_SESSION_BOUND, ABORTED. Nothing is written then.
 */
export async function baseline(
  driver: Driver,
  changelog: ChangeLog,
  options: BaselineOptions,
): Promise<BaselineResult> {
  const { signal } = options
  return abortedAs('The baseline', signal, async () => {
    const { schema } = await driver.identity(signal)
    const tables = historyTables(options.history, schema)
    // A number that is wrong already is told without touching the database.
    const before = await readHistory(driver, tables, signal)
    requireExpected(pendingOf(changelog, before.rows, options), options.expectedCount)
    await checkMayApply(driver, tables, signal)
    const created: string[] = []
    const lock = await ChangelogLock.take(driver, tables, {
      clock: options.clock,
      owner: options.owner,
      lockWaitMs: options.lockWaitMs ?? 0,
      signal,
      onWaiting: () => undefined,
      onTablesCreated: (names) => created.push(...names),
    })
    try {
      return await mark(driver, changelog, tables, options, created)
    } finally {
      await driver.rollback().catch(() => undefined)
      await lock.release()
    }
  })
}

async function mark(
  driver: Driver,
  changelog: ChangeLog,
  tables: HistoryTables,
  options: BaselineOptions,
  created: string[],
): Promise<BaselineResult> {
  const { signal } = options
  const guard = new SessionGuard(driver, await driver.session(signal))
  const deploymentId = deploymentIdAt(options.clock.now())
  await guard.begin(TABLE_LOCK_TIMEOUT_MS, signal)
  created.push(...(await createMissingTables(driver, tables, 'history')))
  const { rows } = await readHistory(driver, tables, signal)
  const pending = pendingOf(changelog, rows, options)
  requireExpected(pending, options.expectedCount)
  const first = Math.max(0, ...rows.map((row) => row.orderExecuted)) + 1
  const written = await insertRows(
    driver,
    tables,
    pending.map((changeSet, index) => rowOf(changeSet, first + index, deploymentId)),
    signal,
  )
  guard.observe(written)
  await driver.commit()
  const unhashed = pending.filter((changeSet) => changeSet.changes.some(({ kind }) => kind === 'unbuilt')).length
  return {
    marked: pending.map(({ id, author, filePath }) => ({ id, author, filePath })),
    deploymentId,
    created,
    notices:
      unhashed === 0
        ? []
        : [
            `${unhashed} of them hold change types that are not built yet: their rows have no checksum, which Liquibase fills in when it runs next`,
          ],
  }
}

/** Changesets without a row, up to the end that was asked for. */
function pendingOf(
  changelog: ChangeLog,
  rows: Parameters<typeof decide>[1],
  options: Pick<BaselineOptions, 'contexts' | 'labelFilter' | 'upTo'>,
): ChangeSet[] {
  const { decisions, duplicates } = decide(changelog, rows, {
    contexts: options.contexts ?? [],
    labelFilter: options.labelFilter,
  })
  if (duplicates.length > 0) throw problemsError('DUPLICATE_CHANGESET', 'Two changesets are the same:', duplicates)
  const end = options.upTo === undefined ? changelog.changeSets.length - 1 : endOf(changelog, options.upTo)
  return decisions
    .slice(0, end + 1)
    .flatMap((decision) => (decision.kind === 'run' && decision.row === undefined ? [decision.changeSet] : []))
}

function endOf(changelog: ChangeLog, upTo: NonNullable<BaselineOptions['upTo']>): number {
  const isEnd =
    'tag' in upTo
      ? ({ changes }: ChangeSet) => changes.some((change) => change.kind === 'tagDatabase' && change.tag === upTo.tag)
      : (changeSet: ChangeSet) => identityKey(changeSet) === identityKey(upTo)
  const end = changelog.changeSets.findIndex(isEnd)
  if (end !== -1) return end
  const name = 'tag' in upTo ? `changeset that sets the tag "${upTo.tag}"` : `changeset "${formatChangeSetId(upTo)}"`
  throw new ChangelogError(
    'BASELINE_END_UNKNOWN',
    `Nothing was marked: the changelog has no ${name}. Name a changeset of the changelog, or a tag of a tagDatabase change in it`,
  )
}

function requireExpected(pending: readonly ChangeSet[], expectedCount: number): void {
  if (pending.length === expectedCount) return
  throw new ChangelogError(
    'BASELINE_MOVED',
    `Nothing was marked: ${pending.length} changesets are pending there now, and ${expectedCount} were confirmed. Refresh the instance, look at what is pending, and confirm again`,
    { details: { expected: expectedCount, pending: pending.length } },
  )
}

function rowOf(changeSet: ChangeSet, orderExecuted: number, deploymentId: string): RowToWrite {
  const tags = changeSet.changes.flatMap((change) => (change.kind === 'tagDatabase' ? [change.tag] : []))
  return {
    id: changeSet.id,
    author: changeSet.author,
    filename: changeSet.filePath,
    orderExecuted,
    execType: 'EXECUTED',
    md5sum: changeSetChecksum(changeSet, 'postgresql', CURRENT_CHECKSUM_VERSION),
    description: changeSet.changes.map(describeChange).join('; '),
    comments: changeSet.comment,
    contexts: changeSet.contexts,
    labels: changeSet.labels,
    tag: tags.at(-1) ?? null,
    deploymentId,
  }
}

import type { Driver } from '@sluice/drivers/driver'
import { abortedAs } from '../abort.ts'
import type { Clock } from '../clock.ts'
import { historyTables, type HistoryOptions } from '../history/tables.ts'
import { tagNewestRow } from '../history/write-history.ts'
import { readHistory } from '../history/read-history.ts'
import type { HistoryRow } from '../history/history-row.ts'
import { ChangelogError } from '../error.ts'
import { ChangelogLock } from '../lock/lock.ts'
import { checkMayApply } from './check-may-apply.ts'

export interface TagOptions {
  clock: Clock
  owner: string
  lockWaitMs?: number
  history?: HistoryOptions
  signal?: AbortSignal
}

/**
 * Puts a tag on the newest row of the history, under the lock.
 * @returns the row as it is now.
 * @throws ChangelogError TAG_IMPOSSIBLE when nothing was ever applied; CHANGELOG_LOCKED; APPLY_NOT_PERMITTED; ABORTED.
 */
export async function tag(driver: Driver, name: string, options: TagOptions): Promise<{ row: HistoryRow }> {
  return abortedAs('Tagging', options.signal, async () => {
    const { schema } = await driver.identity(options.signal)
    const tables = historyTables(options.history, schema)
    const history = await readHistory(driver, tables, options.signal)
    if (history.rows.length === 0) {
      throw new ChangelogError(
        'TAG_IMPOSSIBLE',
        `The tag "${name}" can't be set: nothing was ever applied to this database. Apply a changeset first`,
      )
    }
    await checkMayApply(driver, tables, options.signal)
    const lock = await ChangelogLock.take(driver, tables, {
      clock: options.clock,
      owner: options.owner,
      lockWaitMs: options.lockWaitMs ?? 0,
      signal: options.signal,
      onWaiting: () => undefined,
      onTablesCreated: () => undefined,
    })
    try {
      await driver.begin({}, options.signal)
      await tagNewestRow(driver, tables, name)
      await driver.commit()
      const row = (await readHistory(driver, tables)).rows.at(-1)
      if (row === undefined)
        throw new ChangelogError('TAG_IMPOSSIBLE', `The tag "${name}" can't be set: the history is empty`)
      return { row }
    } finally {
      await lock.release()
    }
  })
}

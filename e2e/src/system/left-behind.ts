import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '@sluice/testing'
import { expect } from 'vitest'
import { customerSql } from './customer.ts'
import { system } from './system.ts'

/** The delegate keeps one slot prepared for the next pod. */
const WARM_SLOTS = 1

/** Folders of pods that exist now. */
export async function podFolders(): Promise<string[]> {
  return readdir(join(system.dataDir, 'data', 'delegate', 'runtime', 'pods'))
}

/** Folders in which a pod's process lives now. */
async function podProcessFolders(): Promise<Set<string>> {
  const pods = join(system.dataDir, 'data', 'delegate', 'runtime', 'pods')
  const folders = new Set<string>()
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // A process that has just ended has no folder any more.
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (cwd.startsWith(`${pods}/`)) folders.add(cwd.slice(pods.length + 1).split('/')[0] ?? '')
  }
  return folders
}

/** Sessions of the run's user in the customer's database. */
export async function sessionsOf(username: string): Promise<Record<string, unknown>[]> {
  return customerSql('postgres', 'select pid, state, query from pg_stat_activity where usename = $1', [username])
}

/** Names of the tables in the default schema, but for the changelog's own. */
export async function tablesOf(database: string): Promise<string[]> {
  const rows = await customerSql(
    database,
    `select table_name from information_schema.tables
      where table_schema = 'public' and table_name not like 'databasechangelog%' order by 1`,
  )
  return rows.map((row) => String(row['table_name']))
}

/** Ids in the database's own history; none where there is no history table. */
export async function historyOf(database: string): Promise<string[]> {
  const [exists] = await customerSql(database, `select to_regclass('databasechangelog') as found`)
  if (exists?.['found'] === null) return []
  const rows = await customerSql(database, 'select id from databasechangelog order by orderexecuted')
  return rows.map((row) => String(row['id']))
}

/** Who holds the changelog's lock: its row, and sessions with an advisory lock in this database. */
export async function locksOf(database: string): Promise<{ row: string | null; sessions: number }> {
  const [exists] = await customerSql(database, `select to_regclass('databasechangeloglock') as found`)
  const [row] =
    exists?.['found'] === null
      ? []
      : await customerSql(database, 'select lockedby from databasechangeloglock where locked')
  const [sessions] = await customerSql(
    database,
    `select count(*)::int as held from pg_locks
      where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
  )
  return { row: row === undefined ? null : String(row['lockedby']), sessions: Number(sessions?.['held']) }
}

/** After a run ended: no session in the database, no lock, and no pod but the one that waits for work. */
export async function expectNothingLeftBehind(database: { name: string; username: string }): Promise<void> {
  await until(async () => (await sessionsOf(database.username)).length === 0, {
    what: `the last session of ${database.username} to end`,
  })
  expect(await locksOf(database.name)).toEqual({ row: null, sessions: 0 })
  await until(async () => (await podFolders()).length <= WARM_SLOTS && (await podProcessFolders()).size <= WARM_SLOTS, {
    what: "the pods' folders and processes to go",
    deadlineMs: 20_000,
  })
}

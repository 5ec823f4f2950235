import {
  execute,
  plan,
  readChangelog,
  type ChangeLog,
  type Driver,
  type ExecuteEvent,
  type ExecuteResult,
} from '../src/index.ts'
import { memoryFiles } from './memory-files.ts'
import { testClock } from './open-database.ts'

/** A formatted SQL changelog of these lines. */
export async function changelogOf(...lines: string[]): Promise<ChangeLog> {
  const files = memoryFiles({ 'a.sql': ['--liquibase formatted sql', ...lines].join('\n') })
  return readChangelog(files, 'a.sql', { dialect: 'postgresql' })
}

/** Plans and runs it. */
export async function apply(
  driver: Driver,
  changelog: ChangeLog,
  options: {
    onEvent?: (event: ExecuteEvent) => void
    signal?: AbortSignal
    tag?: string
    lockTimeoutMs?: number
    lockWaitMs?: number
  } = {},
): Promise<ExecuteResult> {
  const { tag, lockTimeoutMs, ...rest } = options
  const made = await plan(driver, changelog, {
    ...(tag === undefined ? {} : { tag }),
    ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }),
  })
  return execute(driver, made, changelog, { clock: testClock, owner: 'test', ...rest })
}

/** Rows as arrays of values. */
export async function values(driver: Driver, sql: string): Promise<unknown[][]> {
  return (await driver.query(sql)).rows.map((row) => Object.values(row))
}

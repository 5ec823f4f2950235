import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Liquibase } from './install-liquibase.ts'

const run = promisify(execFile)

const UPDATE_WITHIN_MS = 120_000

export interface LiquibaseTarget {
  jdbcUrl: string
  username: string
  password: string
  /** Folder that the changelog's path is relative to. */
  searchPath: string
  changelogFile: string
}

/** Milliseconds that `liquibase update` takes as a whole process, with Java's and Liquibase's own defaults. */
export async function runLiquibaseUpdate(liquibase: Liquibase, target: LiquibaseTarget): Promise<number> {
  const startedAt = performance.now()
  await run(
    'java',
    [
      '-cp',
      liquibase.classPath,
      'liquibase.integration.commandline.LiquibaseCommandLine',
      `--url=${target.jdbcUrl}`,
      `--username=${target.username}`,
      `--search-path=${target.searchPath}`,
      `--changelog-file=${target.changelogFile}`,
      'update',
    ],
    {
      timeout: UPDATE_WITHIN_MS,
      cwd: target.searchPath,
      env: { ...process.env, LIQUIBASE_COMMAND_PASSWORD: target.password },
    },
  )
  return performance.now() - startedAt
}

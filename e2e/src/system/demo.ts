import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { system } from './system.ts'

const run = promisify(execFile)

/** Pipeline and stages that the demo comes with. */
export const DEMO_PIPELINE = 'ship_shop_db'
export const STAGES = ['staging', 'production'] as const
export type Stage = (typeof STAGES)[number]

/** Runs SQL as the owner of a stage's database. */
export async function demoSql(stage: Stage, text: string): Promise<Record<string, unknown>[]> {
  const database = new Client({ connectionString: system.demo.databaseUrls[stage] })
  await database.connect()
  try {
    return (await database.query(text)).rows
  } finally {
    await database.end()
  }
}

/** Ids in the database's own history, in the order in which they ran. */
export async function historyOf(stage: Stage): Promise<string[]> {
  const rows = await demoSql(stage, 'select id from databasechangelog order by orderexecuted')
  return rows.map((row) => String(row['id']))
}

/** Runs git in the demo's clone, as a person who has set up nothing but a name. */
export async function git(...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, {
    cwd: system.demo.clone,
    env: {
      PATH: process.env['PATH'],
      HOME: tmpdir(),
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Ana',
      GIT_AUTHOR_EMAIL: 'ana@example.com',
      GIT_COMMITTER_NAME: 'Ana',
      GIT_COMMITTER_EMAIL: 'ana@example.com',
    },
  })
  return stdout.trim()
}

/** Writes a file of changes in the clone, commits and pushes it. */
export async function pushChanges(file: string, content: string): Promise<void> {
  await writeFile(join(system.demo.clone, 'db', 'changes', file), content)
  await git('add', '--all')
  await git('commit', '--quiet', '--message', `Change ${file}`)
  await git('push', '--quiet')
}

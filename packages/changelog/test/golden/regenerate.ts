/**
 * Rewrites golden.json from what a real Liquibase 4.28 does with `sources/`. By hand, never in CI:
 *
 *   GOLDEN_JARS=<folder of its jars> GOLDEN_URL=postgresql://user:password@host/database node regenerate.ts
 *
 * The database must be empty. Needs a Java 17 JDK. The npm package liquibase@4.28.1 has the jars.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { CATALOGUE_SQL, HISTORY_SQL } from './queries.ts'

const lib = process.env['GOLDEN_JARS'] ?? ''
const url = new URL(process.env['GOLDEN_URL'] ?? '')
const here = import.meta.dirname
const sources = join(here, 'sources')
const jars = readdirSync(lib)
  .filter((name) => name.endsWith('.jar') && !name.includes('commercial'))
  .map((name) => join(lib, name))
const classes = mkdtempSync(join(tmpdir(), 'golden-'))
const classPath = [classes, ...jars].join(':')

execFileSync('javac', ['-cp', classPath, '-d', classes, join(here, 'DumpChangelog.java')])
const dump = execFileSync('java', ['-cp', classPath, 'DumpChangelog', sources, 'db/master.yaml'], { encoding: 'utf8' })
const changeSets: unknown[] = dump
  .split('\n')
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line))

const liquibase = (command: string): void => {
  execFileSync('java', [
    '-cp',
    classPath,
    'liquibase.integration.commandline.LiquibaseCommandLine',
    `--url=jdbc:postgresql://${url.host}${url.pathname}`,
    `--username=${url.username}`,
    `--password=${url.password}`,
    `--search-path=${sources}`,
    '--changelog-file=db/master.yaml',
    command,
  ])
}
const client = new pg.Client({ connectionString: url.href })
await client.connect()
liquibase('changelog-sync')
const synced = (await client.query(HISTORY_SQL)).rows
await client.query('DROP TABLE databasechangelog, databasechangeloglock')
liquibase('update')
const history = (await client.query(HISTORY_SQL)).rows
const catalogue = (await client.query(CATALOGUE_SQL)).rows
const notes = (await client.query('SELECT body FROM note ORDER BY id')).rows
await client.end()
writeFileSync(
  join(here, 'golden.json'),
  `${JSON.stringify({ changeSets, history, synced, catalogue, notes }, null, 2)}\n`,
)

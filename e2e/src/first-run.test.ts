import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createCustomerDatabase, customerSql } from './system/customer.ts'
import { createRepository, system } from './system/system.ts'

const run = promisify(execFile)

/** Every block of shell on the page, in order: what a reader would type. */
async function blocksOf(page: string): Promise<string[]> {
  const text = await readFile(new URL(`../../docs/guides/${page}`, import.meta.url), 'utf8')
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '')
}

interface Ended {
  stdout: string
  stderr: string
  code: number
}

/** Runs a script as a reader would; what it printed is part of the failure. */
async function runScript(
  script: string,
  options: { cwd: string; env: NodeJS.ProcessEnv; timeout: number },
): Promise<Ended> {
  try {
    return { ...(await run('bash', ['-c', script], options)), code: 0 }
  } catch (error) {
    const { stdout, stderr, code } = Object(error) as Partial<Ended>
    return { stdout: stdout ?? '', stderr: stderr ?? String(error), code: code ?? 1 }
  }
}

const CHANGELOG = `databaseChangeLog:
  - include: { file: tables.sql, relativeToChangelogFile: true }
`
const TABLES = `--liquibase formatted sql

--changeset ana:create-customer
create table customer (id bigint primary key, email text not null);

--changeset ana:create-purchase
create table purchase (id bigint primary key, customer_id bigint references customer (id));
`

test('a newcomer who follows the first-run page ends with both databases migrated', { timeout: 180_000 }, async () => {
  const staging = await createCustomerDatabase('shop_staging', 'one password for both')
  await createCustomerDatabase('shop_production', 'one password for both')
  // The page has one user for both databases.
  await customerSql('postgres', `alter database shop_production owner to shop_staging_owner`)
  const { url } = await createRepository('shop-db', { 'db/changelog.yaml': CHANGELOG, 'db/tables.sql': TABLES })
  const folder = await mkdtemp(join(tmpdir(), 'sluice-first-run-'))
  const script = ['set -euo pipefail', ...(await blocksOf('first-run.md'))].join('\n')

  const { stdout, stderr, code } = await runScript(script, {
    cwd: folder,
    timeout: 170_000,
    env: {
      ...process.env,
      SLUICE: system.gatewayUrl,
      CA: system.caFile,
      PASSWORD: system.first.password,
      STAGING_URL: staging.jdbcUrl,
      PRODUCTION_URL: staging.jdbcUrl.replace('shop_staging', 'shop_production'),
      DB_USER: staging.username,
      DB_PASSWORD: staging.password,
      GIT_URL: url,
    },
  })

  expect(code, `${stdout}\n${stderr}`).toBe(0)
  expect(stdout).toContain('Success')
  const live = stdout.indexOf('preview | ')
  expect(live, 'a line of the log came while the run went').toBeGreaterThan(-1)
  expect(live).toBeLessThan(stdout.indexOf('Success |'))
  expect(stdout).toMatch(/create-customer +shop_staging: Successfully_Deployed +shop_production: Successfully_Deployed/)
  for (const database of ['shop_staging', 'shop_production']) {
    expect(await customerSql(database, 'select id from databasechangelog order by orderexecuted')).toEqual([
      { id: 'create-customer' },
      { id: 'create-purchase' },
    ])
    expect(await customerSql(database, 'select locked from databasechangeloglock')).toEqual([{ locked: false }])
  }
  await rm(folder, { recursive: true, force: true })
})

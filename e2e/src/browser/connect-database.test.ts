import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createCustomerDatabase, customerSql } from '../system/customer.ts'
import { createRepository } from '../system/system.ts'
import { expect, PROJECT_PATH, test } from './browser-test.ts'

const mark = Date.now().toString(36)
const DATABASE = `legacy_${mark}`
/** Changelog, and the history that Liquibase 4.28 wrote when it ran it. */
const GOLDEN = new URL('../../../packages/changelog/test/golden/', import.meta.url).pathname
const Golden = z.object({ history: z.array(z.record(z.string(), z.unknown())) })

async function changelogFiles(): Promise<Record<string, string>> {
  const folder = join(GOLDEN, 'sources')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'utf8')])),
  )
}

/** A database with the first `count` rows of that history, and a user who may read the history and nothing else. */
async function createLegacyDatabase(count: number): Promise<{ url: string; user: string; password: string }> {
  const { jdbcUrl } = await createCustomerDatabase(DATABASE)
  await customerSql(
    DATABASE,
    `create table databasechangelog (
      id varchar(255) not null, author varchar(255) not null, filename varchar(255) not null,
      dateexecuted timestamp not null, orderexecuted integer not null, exectype varchar(10) not null,
      md5sum varchar(35), description varchar(255), comments varchar(255), tag varchar(255),
      liquibase varchar(20), contexts varchar(255), labels varchar(255), deployment_id varchar(10))`,
  )
  await customerSql(
    DATABASE,
    `create table databasechangeloglock (
      id integer primary key, locked boolean not null, lockgranted timestamp, lockedby varchar(255))`,
  )
  const { history } = Golden.parse(JSON.parse(await readFile(join(GOLDEN, 'golden.json'), 'utf8')))
  await customerSql(
    DATABASE,
    `insert into databasechangelog
     select id, author, filename, now(), orderexecuted, exectype, md5sum, description, comments, tag, liquibase,
       contexts, labels, '7654321098'
     from jsonb_populate_recordset(null::databasechangelog, $1)`,
    [JSON.stringify(history.slice(0, count))],
  )
  const user = `reader_${mark}`
  const password = 'only reads the history'
  await customerSql(DATABASE, `create role ${user} login password '${password}'`)
  await customerSql(DATABASE, `grant select on databasechangelog, databasechangeloglock to ${user}`)
  return { url: jdbcUrl, user, password }
}

test('who connects a database that Liquibase has run, with an account that only reads, sees its state and changes nothing', async ({
  admin: { page },
}) => {
  const { url, user, password } = await createLegacyDatabase(20)
  const repository = await createRepository(`legacy-${mark}`, await changelogFiles())
  await page.goto(PROJECT_PATH)
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Connect a database' }).click()

  await page.getByLabel('JDBC URL').fill(url)
  await expect(page.getByText(/“localhost” is|where “localhost” is the container/)).toHaveCount(
    /localhost|127\./.test(url) ? 1 : 0,
  )
  await page.getByRole('textbox', { name: 'User' }).fill(user)
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  await page.getByRole('button', { name: 'Save and test' }).click()

  // The test ends well by itself, and the next step opens.
  const another = page.getByText('Another repository')
  await expect(another).toBeVisible()
  await another.click()
  await page.getByRole('textbox', { name: 'Repository' }).fill(repository.url)
  await page.getByRole('button', { name: 'Read the repository' }).click()
  const changelog = page.getByRole('combobox', { name: 'Changelog' }).last()
  await expect(page.getByRole('combobox', { name: 'Branch' })).toHaveValue('main')
  await expect(changelog).toHaveValue('db/master.yaml')
  await page.getByRole('button', { name: 'Look at the database' }).click()

  await expect(page.getByRole('status').filter({ hasText: /^20 deployed, 2 pending/ })).toBeVisible()
  const matrix = page.getByRole('grid', { name: 'Changesets by instance' })
  await expect(matrix.getByRole('gridcell', { name: /: deployed/ }).first()).toBeVisible()
  await expect(page.getByText('Applying needs a user that may write')).toBeVisible()

  await page.getByRole('button', { name: 'Make the pipeline' }).click()
  await expect(page).toHaveURL(/\/pipelines\//)
  await expect(page.getByRole('textbox', { name: 'Pipeline YAML' })).toContainText('DBSchemaApply')
  expect(await customerSql(DATABASE, 'select count(*)::int as rows from databasechangelog')).toEqual([{ rows: 20 }])
})

test('a wrong password is told at the phase that it failed in, and can be corrected in place', async ({
  admin: { page },
}) => {
  const database = await createCustomerDatabase(`typo_${mark}`)
  await page.goto(`${PROJECT_PATH}/connect`)
  await page.getByLabel('JDBC URL').fill(database.jdbcUrl)
  await page.getByRole('textbox', { name: 'User' }).fill(database.username)
  await page.getByRole('textbox', { name: 'Password' }).fill('not this one')
  await page.getByRole('button', { name: 'Save and test' }).click()
  const phases = page.getByRole('list', { name: 'Phases of the connection test' }).getByRole('listitem')
  await expect(phases.filter({ hasText: 'Log in' }).getByRole('img', { name: 'Failed' })).toBeVisible()
  await expect(phases.filter({ hasText: 'Log in' })).toContainText('password')
  await expect(phases.filter({ hasText: 'Find the host' }).getByRole('img', { name: 'Passed' })).toBeVisible()
  await page.getByRole('button', { name: 'Change address or password' }).click()
  await page.getByRole('textbox', { name: 'Password' }).fill(database.password)
  await page.getByRole('button', { name: 'Save and test again' }).click()
  await expect(page.getByText('Another repository')).toBeVisible()
})

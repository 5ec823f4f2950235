import type { Page } from '@playwright/test'
import { beforeAll } from 'vitest'
import { signIn, type ApiClient } from '../system/api-client.ts'
import { createCustomerDatabase, customerSql } from '../system/customer.ts'
import {
  connectDatabase,
  connectGit,
  createInstance,
  createPipeline,
  createSchema,
  pipelineYaml,
  startRun,
  waitForRun,
} from '../system/project.ts'
import { linesOf, logKeysOf } from '../system/read-log.ts'
import { createRepository, kill, restart, system } from '../system/system.ts'
import { expect, PROJECT_PATH, test } from './browser-test.ts'

const mark = Date.now().toString(36)
/** Of a line of a log, in bytes; what is longer is cut where it is made. */
const LINE_LIMIT = 64 * 1024
/** Says how much was left out, at the end of such a line. */
const NOTE_LIMIT = 100

let client: ApiClient
beforeAll(async () => {
  client = await signIn(system.first)
})

/** A database, a repository with this changelog, and a pipeline that applies it. */
async function arrange(name: string, changelog: string): Promise<string> {
  const database = await createCustomerDatabase(name)
  const { url } = await createRepository(name, { 'db/changelog.sql': `--liquibase formatted sql\n${changelog}` })
  await connectGit(client, `${name}_git`, url)
  await connectDatabase(client, name, database)
  await createSchema(client, name, `${name}_git`, 'db/changelog.sql')
  await createInstance(client, name, name, name)
  await createPipeline(
    client,
    pipelineYaml(name, [{ identifier: 'apply', type: 'DBSchemaApply', dbSchema: name, dbInstance: name }]),
  )
  return name
}

const log = (page: Page) => page.getByRole('region', { name: 'Log', exact: true })

/** Every line that the viewer shows, as number and text, in the order of the page. */
async function shownLines(page: Page): Promise<[number, string][]> {
  return log(page)
    .getByRole('link', { name: /^Link to line/ })
    .evaluateAll((links) =>
      links.map((link): [number, string] => [
        Number(link.textContent),
        String(link.parentElement?.textContent).slice(link.textContent.length),
      ]),
    )
}

test('a log-service that is killed in mid-run costs the reader nothing: reconnecting is said, no line is lost or doubled', async ({
  admin: { page },
}) => {
  const changesets = Array.from(
    { length: 12 },
    (_, index) => `--changeset ana:${index}\ncreate table t${index} (id int);\nselect pg_sleep(1);\n`,
  )
  const name = await arrange(`killed_log_${mark}`, changesets.join(''))
  const executionId = await startRun(client, name)
  await page.goto(`${PROJECT_PATH}/executions/${executionId}`)
  await expect(log(page)).toContainText('create table t1 ')
  await kill('log-service')
  try {
    await expect(page.getByText('Reconnecting …')).toBeVisible()
  } finally {
    await restart('log-service')
  }
  await expect(page.getByRole('status').filter({ hasText: /^Live · \d+ lines$/ })).toBeVisible()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Succeeded')
  await expect(page.getByRole('status').filter({ hasText: /^\d+ lines$/ })).toBeVisible()

  const run = await waitForRun(client, executionId)
  const [key = ''] = logKeysOf(run).values()
  const stored = await linesOf(client, key)
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_line, index) => index + 1))
  for (let index = 0; index < changesets.length; index += 1) {
    expect(stored.filter(({ text }) => text === `create table t${index} (id int)`)).toHaveLength(1)
  }
  // High enough for all of it: only what is in sight is drawn.
  await page.setViewportSize({ width: 1280, height: 6_000 })
  await expect.poll(() => shownLines(page)).toEqual(stored.map(({ seq, text }) => [seq, text]))
  expect(await customerSql(name, 'select count(*)::int as ran from databasechangelog')).toEqual([{ ran: 12 }])
})

test('a line of 5 MB is cut where it is made, and the viewer stays quick and shows the rest of it on demand', async ({
  admin: { page },
}) => {
  const name = await arrange(
    `long_line_${mark}`,
    `--changeset ana:long\ninsert into letter (body) values ('${'x'.repeat(5_000_000)}');\n--changeset ana:after\ncreate table after_it (id int);\n`,
  )
  await customerSql(name, 'create table letter (body text)')
  await customerSql(name, `alter table letter owner to ${name}_owner`)
  const executionId = await startRun(client, name)
  await page.goto(`${PROJECT_PATH}/executions/${executionId}`)
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Succeeded')
  await expect(log(page)).toContainText('create table after_it')

  const run = await waitForRun(client, executionId)
  const [key = ''] = logKeysOf(run).values()
  const stored = await linesOf(client, key)
  const longest = Math.max(...stored.map(({ text }) => Buffer.byteLength(text)))
  expect(longest).toBeLessThanOrEqual(LINE_LIMIT + NOTE_LIMIT)
  expect(longest).toBeGreaterThan(LINE_LIMIT / 2)

  const begun = Date.now()
  await log(page)
    .getByRole('button', { name: /more characters$/ })
    .first()
    .click()
  const whole = page.getByRole('dialog', { name: /^Line \d+, [\d,]+ characters$/ })
  await expect(whole.locator('pre')).toContainText('x'.repeat(3_000))
  await page.keyboard.press('Escape')
  await page.getByRole('textbox', { name: 'Search this log' }).fill('after_it')
  await expect(log(page).locator('mark').first()).toBeVisible()
  expect(Date.now() - begun).toBeLessThan(15_000)
})

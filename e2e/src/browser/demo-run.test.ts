import type { Page } from '@playwright/test'
import { beforeAll } from 'vitest'
import { DEMO_PIPELINE, demoSql, git, historyOf, pushChanges, STAGES } from '../system/demo.ts'
import { expect, PROJECT_PATH, test } from './browser-test.ts'

/** Makes the names of this file its own, on a system that lives longer than one run of the tests. */
const mark = Date.now().toString(36)
/** Long enough for a page to be looked at while a statement runs. */
const SLOW_SECONDS = 5

beforeAll(async () => {
  await git('fetch', '--quiet')
})

const heading = (page: Page) => page.getByRole('heading', { level: 1 })
const tree = (page: Page) => page.getByRole('tree', { name: 'Stages and steps' })
const log = (page: Page) => page.getByRole('region', { name: 'Log', exact: true })

/** From the list of pipelines to the page of the new run. */
async function startRun(page: Page): Promise<void> {
  // Other tests have made more pipelines than one page holds.
  await page.goto(`${PROJECT_PATH}/pipelines?q=Ship%20shop`)
  await page.getByRole('link', { name: 'Ship shop DB', exact: true }).click()
  await expect(heading(page)).toHaveText('Ship shop DB')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Run Ship shop DB' })
  await dialog.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(page).toHaveURL(/\/executions\/pex-/)
}

test('a run is watched live from the Run button to its end, its log as it is written, without a reload', async ({
  admin: { page },
}) => {
  await pushChanges(
    `${mark}-slow.sql`,
    `--liquibase formatted sql

--changeset ana:slow-${mark}
create table slow_${mark} (id int);
select pg_sleep(${SLOW_SECONDS});
--rollback drop table slow_${mark};
`,
  )
  await startRun(page)
  let loads = 0
  page.on('load', () => (loads += 1))

  await expect(heading(page)).toContainText('Running')
  await expect(tree(page).getByRole('treeitem', { name: 'Staging, Running' })).toBeVisible()
  await expect(tree(page).getByRole('treeitem', { name: 'Production, Not started' })).toBeVisible()
  const apply = tree(page).getByRole('treeitem', { name: 'Apply, Running' })
  await expect(apply).toBeVisible()
  await expect(apply, 'the page goes along with the run').toHaveAttribute('aria-selected', 'true')
  await expect(log(page)).toContainText(`create table slow_${mark}`)
  await expect(page.getByRole('status').filter({ hasText: /^Live · \d+ lines$/ })).toBeVisible()
  await expect(apply, 'its log was there before it ended').toBeVisible()

  await expect(tree(page).getByRole('treeitem', { name: 'Production, Running' })).toBeVisible()
  await expect(heading(page)).toContainText('Succeeded')
  await expect(tree(page).getByRole('treeitem', { name: /Succeeded$/ })).toHaveCount(10)
  await expect(tree(page).getByRole('treeitem')).toHaveCount(10)
  await expect(page.getByRole('status').filter({ hasText: /^\d+ lines$/ })).toBeVisible()
  expect(loads).toBe(0)
})

test('whoever changes the changelog and runs again sees only the new changeset run, and the matrix shows it on both', async ({
  admin: { page },
}) => {
  const changeset = `gift-wrap-${mark}`
  await pushChanges(
    `${mark}-gift-wrap.sql`,
    `--liquibase formatted sql

--changeset ana:${changeset}
alter table shop_order add column gift_wrap_${mark} boolean not null default false;
--rollback alter table shop_order drop column gift_wrap_${mark};
`,
  )
  await startRun(page)
  await expect(heading(page)).toContainText('Succeeded')
  for (const index of [0, 1]) {
    await tree(page).getByRole('treeitem', { name: 'Apply, Succeeded' }).nth(index).click()
    await page.getByRole('tab', { name: 'Output' }).click()
    const ran = page.getByRole('table', { name: 'Changesets that ran' })
    await expect(ran.getByRole('row')).toHaveCount(2)
    await expect(ran.getByRole('row').nth(1)).toContainText(changeset)
  }

  await page.goto(`${PROJECT_PATH}/schemas/shop?q=${changeset}`)
  const matrix = page.getByRole('grid', { name: 'Changesets by instance' })
  for (const instance of ['Staging', 'Production']) {
    await expect(
      matrix.getByRole('gridcell', { name: new RegExp(`^${changeset} on ${instance}: deployed`) }),
    ).toBeVisible()
  }
  await matrix.getByRole('gridcell').first().click()
  await expect(page.getByRole('dialog', { name: changeset })).toContainText(`gift_wrap_${mark}`)
})

test('a broken changeset is told in place with file, line, statement and message, leaves nothing, and runs once it is mended', async ({
  admin: { page },
  onTestFailed,
}) => {
  const before = await Promise.all(STAGES.map((stage) => historyOf(stage)))
  const file = `${mark}-voucher.sql`
  const written = (comma: string): string => `--liquibase formatted sql

--changeset ana:voucher-${mark}
create table voucher_${mark} (code text primary key);
create table voucher_use_${mark} (
  code text references voucher_${mark} (code)${comma}
  order_id bigint references shop_order (id)
);
`
  await pushChanges(file, written(''))
  // Other tests ship the same changelog.
  onTestFailed(() => pushChanges(file, written(',')).catch(() => undefined))
  await startRun(page)
  await expect(heading(page)).toContainText('Failed')
  const why = page.getByRole('alert', { name: 'Why it failed' })
  await expect(why).toContainText('Staging / Database / Apply failed')
  await expect(why).toContainText(`db/changes/${file}:7`)
  await expect(why).toContainText('syntax error at or near "order_id"')
  await expect(tree(page).getByRole('treeitem', { name: 'Apply, Failed' })).toBeVisible()
  await why.getByRole('button', { name: 'Show the step' }).click()
  await page.getByRole('tab', { name: 'Output' }).click()
  await expect(page.getByRole('region', { name: 'statement that failed' })).toContainText(
    `create table voucher_use_${mark}`,
  )
  await expect(tree(page).getByRole('treeitem', { name: /^Production, (Not started|Skipped)$/ })).toBeVisible()

  expect(await Promise.all(STAGES.map((stage) => historyOf(stage)))).toEqual(before)
  for (const stage of STAGES) {
    expect(await demoSql(stage, `select to_regclass('voucher_${mark}') as found`)).toEqual([{ found: null }])
  }

  await pushChanges(file, written(','))
  const failed = page.url()
  await page.getByRole('button', { name: 'Run again' }).click()
  await expect(page).not.toHaveURL(failed)
  await expect(heading(page)).toContainText('Succeeded')
  expect(await historyOf('production')).toEqual([...(before[1] ?? []), `voucher-${mark}`])

  await page.goto(`${PROJECT_PATH}/executions?pipeline=${DEMO_PIPELINE}`)
  const rows = page.getByRole('table', { name: 'Executions' }).getByRole('row')
  await expect(rows.nth(1)).toContainText('Succeeded')
  await expect(rows.nth(2)).toContainText('Failed')
  await expect(rows.nth(2)).toContainText('syntax error')
})

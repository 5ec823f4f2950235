import type { Page } from '@playwright/test'
import * as pipelines from '@sluice/contracts/pipelines'
import * as users from '@sluice/contracts/users'
import { beforeAll } from 'vitest'
import { signIn, type ApiClient } from '../system/api-client.ts'
import { DEMO_PIPELINE } from '../system/demo.ts'
import { createPipeline, pipelineYaml, PROJECT } from '../system/project.ts'
import { system } from '../system/system.ts'
import { expect, PROJECT_PATH, test } from './browser-test.ts'

const mark = Date.now().toString(36)
const PIPELINE = `edited_${mark}`
const STEP = { identifier: 'preview', type: 'DBSchemaUpdateSQL', dbSchema: 'shop', dbInstance: 'staging' } as const

let client: ApiClient
beforeAll(async () => {
  client = await signIn(system.first)
  await createPipeline(client, pipelineYaml(PIPELINE, [STEP]))
})

const editor = (page: Page) => page.getByRole('textbox', { name: 'Pipeline YAML' })
const saveButton = (page: Page) => page.getByRole('button', { name: 'Save', exact: true })

async function openEditor(page: Page): Promise<void> {
  await page.goto(`${PROJECT_PATH}/pipelines/${PIPELINE}`)
  await expect(editor(page)).toContainText(`identifier: ${PIPELINE}`)
}

/** Writes a comment at the end of the YAML. */
async function type(page: Page, comment: string): Promise<void> {
  await editor(page).click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type(`# ${comment}`)
  await expect(page.getByText('Not saved')).toBeVisible()
}

async function savedYaml(): Promise<string> {
  const { yamlPipeline } = await client.call(pipelines.getPipeline, {
    params: { identifier: PIPELINE },
    query: PROJECT,
  })
  return yamlPipeline
}

test('of two tabs that edit a pipeline, the second to save is told, keeps what was typed, and can save it on top', async ({
  admin,
}) => {
  const first = admin.page
  const second = await admin.openTab()
  await openEditor(first)
  await openEditor(second)
  await type(first, 'first tab')
  await type(second, 'second tab')
  await saveButton(first).click()
  await expect(first.getByText('Not saved')).toHaveCount(0)
  await saveButton(second).click()
  await expect(second.getByRole('alert')).toContainText('VERSION_CONFLICT')
  await expect(editor(second)).toContainText('# second tab')
  expect(await savedYaml()).toContain('# first tab')

  await second.getByRole('alert').getByRole('button').last().click()
  await expect(saveButton(second)).toBeEnabled()
  await saveButton(second).click()
  await expect(second.getByText('Not saved')).toHaveCount(0)
  expect(await savedYaml()).toContain('# second tab')
})

test('a session that ends in mid-edit asks to sign in over the page: what was typed is there, and saves', async ({
  openAs,
}) => {
  const { page, context } = await openAs(system.first, 'own')
  await openEditor(page)
  await type(page, 'typed before the end')
  const response = await page.evaluate(
    async () => (await fetch('/gateway/ng/api/auth/logout', { method: 'POST' })).status,
  )
  expect(response).toBeLessThan(300)
  await context.clearCookies()
  // The page may have found out by itself already.
  await page.keyboard.press('Control+s')
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await expect(dialog).toBeVisible()
  await expect(editor(page)).toContainText('# typed before the end')
  await page.keyboard.press('Escape')
  await expect(dialog, 'it can’t be closed without signing in').toBeVisible()

  await dialog.getByRole('textbox', { name: 'Password' }).fill('wrong')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('alert')).toContainText('INVALID_CREDENTIALS')
  await dialog.getByRole('textbox', { name: 'Password' }).fill(system.first.password)
  await page.keyboard.press('Enter')
  await expect(dialog).toHaveCount(0)
  await expect(editor(page)).toContainText('# typed before the end')
  await saveButton(page).click()
  await expect(page.getByText('Not saved')).toHaveCount(0)
  expect(await savedYaml()).toContain('# typed before the end')
})

test('a run that one tab starts shows in the list of another, to its end, without a reload', async ({ admin }) => {
  const list = admin.page
  await list.goto(`${PROJECT_PATH}/executions?pipeline=${PIPELINE}`)
  await expect(list.getByRole('heading', { level: 1, name: 'Executions' })).toBeVisible()
  let loads = 0
  list.on('load', () => (loads += 1))
  const other = await admin.openTab()
  await openEditor(other)
  await other.getByRole('button', { name: 'Run', exact: true }).click()
  await other.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click()
  await expect(other).toHaveURL(/\/executions\/pex-/)

  const row = list
    .getByRole('table', { name: 'Executions' })
    .getByRole('row')
    .filter({ hasText: `${PIPELINE} #1` })
  await expect(row).toContainText('Running')
  await expect(row).toContainText('Succeeded')
  expect(loads).toBe(0)
})

test('a viewer sees everything, can neither run nor save, and is told why and whom to ask', async ({ openAs }) => {
  const account = { email: `viewer-${mark}@example.com`, password: 'only looks at things' }
  await client.call(users.createUser, {
    body: { user: { ...account, name: 'Vera Viewer', roleAssignments: [{ role: 'viewer' }] } },
  })
  const { page } = await openAs(account)
  await page.goto(`${PROJECT_PATH}/pipelines/${DEMO_PIPELINE}`)
  await expect(editor(page)).toContainText('identifier: ship_shop_db')
  const run = page.getByRole('button', { name: /^Run\b/ })
  await expect(run).toHaveAttribute('aria-disabled', 'true')
  await run.focus()
  await expect(page.getByRole('tooltip')).toContainText('This needs core_pipeline_execute')
  await expect(page.getByRole('tooltip')).toContainText('Ask Administrator.')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await editor(page).click()
  await page.keyboard.type('changed')
  await expect(page.getByText('Not saved')).toHaveCount(0)

  await page.goto(`${PROJECT_PATH}/executions?pipeline=${DEMO_PIPELINE}`)
  await page.getByRole('table', { name: 'Executions' }).getByRole('link').last().click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Ship shop DB')
  await expect(page.getByRole('region', { name: 'Log', exact: true })).toContainText('Fetching commit')
  await expect(page.getByRole('button', { name: /^Run again\b/ })).toHaveAttribute('aria-disabled', 'true')
  await page.goto(`${PROJECT_PATH}/schemas/shop`)
  await expect(page.getByRole('grid')).toContainText('shop-order')
})

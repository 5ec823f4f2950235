import { readdir, readFile } from 'node:fs/promises'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import * as pipelines from '@sluice/contracts/pipelines'
import { beforeAll } from 'vitest'
import { signIn } from '../system/api-client.ts'
import { DEMO_PIPELINE } from '../system/demo.ts'
import { PROJECT } from '../system/project.ts'
import { system } from '../system/system.ts'
import { expect, PROJECT_PATH, test } from './browser-test.ts'

/** WCAG 2.2 to AA, and what axe calls good practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Not ready by axe's own account: takes initials in a picture and key hints for words that a name has to repeat. */
const EXPERIMENTAL = ['label-content-name-mismatch']
/** WCAG's own exception: each bar of the last runs is a link that the list of runs has in full size. */
const IS_BAR_OF_RUNS = /^<a aria-label="Run #/

/** Every page's route as the app declares it, with an address of the demo's; a run is put in for `<run>`. */
const PAGES: Record<string, string[]> = {
  '/login': ['/login'],
  '/': [PROJECT_PATH],
  '/connect': [`${PROJECT_PATH}/connect`],
  '/pipelines': [`${PROJECT_PATH}/pipelines`],
  '/pipelines/new': [`${PROJECT_PATH}/pipelines/new`],
  '/pipelines/$pipeline': [`${PROJECT_PATH}/pipelines/${DEMO_PIPELINE}`],
  '/executions': [`${PROJECT_PATH}/executions`],
  '/executions/$executionId': ['logs', 'input', 'output', 'plan', 'delegate'].map(
    (tab) => `${PROJECT_PATH}/executions/<run>?tab=${tab}`,
  ),
  '/schemas': [`${PROJECT_PATH}/schemas`],
  '/schemas/$schema': ['matrix', 'instances', 'settings'].map((tab) => `${PROJECT_PATH}/schemas/shop?tab=${tab}`),
  '/schemas/$schema/instances/$instance': [`${PROJECT_PATH}/schemas/shop/instances/production`],
  '/connectors': [`${PROJECT_PATH}/connectors`],
  '/connectors/new': [`${PROJECT_PATH}/connectors/new`],
  '/connectors/$connector': [`${PROJECT_PATH}/connectors/shop_git`],
  '/secrets': [`${PROJECT_PATH}/secrets`],
  '/delegates': ['/account/delegates', '/account/delegates?install=true'],
  '/audit': ['/account/audit'],
  '/users': ['/account/users'],
  '/settings': ['/account/settings'],
  '/profile': ['/profile'],
  '/design': ['/design'],
}

let run = ''
beforeAll(async () => {
  const client = await signIn(system.first)
  const { content } = await client.call(pipelines.listExecutions, {
    query: { ...PROJECT, pipelineIdentifier: DEMO_PIPELINE },
  })
  run = content.at(-1)?.planExecutionId ?? ''
})

/** What the page says is there, and nothing still loads. */
async function settle(page: Page): Promise<void> {
  await expect(page.getByRole('heading').first()).toBeVisible()
  // The page that shows the design language shows what loading looks like, too.
  if (new URL(page.url()).pathname === '/design') return
  await expect(page.getByRole('status').filter({ hasText: /^Loading$/ }), page.url()).toHaveCount(0)
}

/** What is wrong with what is on the page now, in both colour schemes. A menu floats outside of every landmark. */
async function violationsOf(page: Page, isMenuOpen = false): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme)
    const axe = new AxeBuilder({ page })
    // Only colours differ between the schemes.
    const asked =
      colorScheme === 'light'
        ? axe.withTags(RULES).disableRules(isMenuOpen ? [...EXPERIMENTAL, 'region'] : EXPERIMENTAL)
        : axe.withRules(['color-contrast', 'link-in-text-block'])
    const { violations } = await asked.analyze()
    for (const { id, help, nodes } of violations) {
      const places = nodes.filter(({ html }) => id !== 'target-size' || !IS_BAR_OF_RUNS.test(html))
      if (places.length === 0) continue
      const { pathname, search } = new URL(page.url())
      found.push(`${pathname}${search}, ${colorScheme}: ${id}: ${help}`)
      for (const { html, failureSummary = '' } of places.slice(0, 4)) {
        found.push(`  ${html.slice(0, 240)}`, `  ${failureSummary}`)
      }
    }
  }
  return found
}

test('every page of the app is on the list of this file', async () => {
  const folder = new URL('../../../apps/ui/src/pages/', import.meta.url)
  const declared = new Set<string>()
  for (const name of await readdir(folder)) {
    const text = await readFile(new URL(`${name}/route.ts`, folder), 'utf8')
    for (const [, path] of text.matchAll(/\bpath: '([^']*)'/g)) declared.add(`/${(path ?? '').replace(/^\//, '')}`)
  }
  expect([...declared].toSorted()).toEqual(Object.keys(PAGES).toSorted())
})

test('the login is accessible, in light and dark', async ({ stranger: { page } }) => {
  await page.goto('/login')
  await settle(page)
  expect((await violationsOf(page)).join('\n')).toBe('')
})

/** Enough for one test that its pages share what a browser keeps. */
const PAGES_PER_TEST = 5
const addresses = Object.values(PAGES)
  .flat()
  .filter((path) => path !== '/login')
const groups = Array.from({ length: Math.ceil(addresses.length / PAGES_PER_TEST) }, (_, group) =>
  addresses.slice(group * PAGES_PER_TEST, (group + 1) * PAGES_PER_TEST),
)

test.for(groups.map((group) => [group.join(' '), group] as const))(
  'accessible in light and dark: %s',
  async ([, group], { admin: { page } }) => {
    const found: string[] = []
    for (const address of group) {
      await page.goto(address.replace('<run>', run))
      await settle(page)
      found.push(...(await violationsOf(page)))
    }
    expect(found.join('\n')).toBe('')
  },
)

test('dialogs, menus, drawers and the command palette are accessible, in light and dark', async ({
  admin: { page },
}) => {
  await page.goto(`${PROJECT_PATH}/pipelines/${DEMO_PIPELINE}`)
  await settle(page)
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('listbox', { name: 'Results' })).toBeVisible()
  const found = await violationsOf(page)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true })).toBeVisible()
  found.push(...(await violationsOf(page)))
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Profile of/ }).click()
  await expect(page.getByRole('menu')).toBeVisible()
  found.push(...(await violationsOf(page, true)))
  await page.goto(`${PROJECT_PATH}/schemas/shop`)
  await page.getByRole('gridcell').first().click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await settle(page)
  found.push(...(await violationsOf(page)))
  expect(found.join('\n')).toBe('')
})

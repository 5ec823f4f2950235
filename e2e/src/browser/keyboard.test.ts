import type { Locator, Page } from '@playwright/test'
import { system } from '../system/system.ts'
import { expect, test } from './browser-test.ts'

/** More stops than any page has before what is looked for. */
const STOPS = 80

/** Presses Tab until something has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible()
  for (let stop = 0; stop < STOPS; stop += 1) {
    if ((await target.and(page.locator(':focus')).count()) > 0) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${STOPS} times Tab did not lead to ${target.toString()}`)
}

test('from the login to the log of a run without the mouse', async ({ stranger: { page } }) => {
  await page.goto('/')
  await expect(page.getByLabel('E-mail')).toBeFocused()
  await page.keyboard.type(system.first.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(system.first.password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible()

  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox', { name: 'Search or type a command' })).toBeFocused()
  await page.keyboard.type('ship shop')
  await expect(page.getByRole('option', { name: /^Ship shop DB/ })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Ship shop DB' })).toBeVisible()
  // What was chosen in the palette is where the next key goes: not behind a dialog that is gone.
  await expect(page.getByRole('dialog')).toHaveCount(0)

  await tabTo(page, page.getByRole('button', { name: 'Run', exact: true }))
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Run Ship shop DB' })
  await expect(dialog.getByRole('button', { name: 'Run', exact: true })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Run', exact: true }), 'focus comes back').toBeFocused()
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('button', { name: 'Run', exact: true })).toBeFocused()
  await page.keyboard.press('Enter')

  const heading = page.getByRole('heading', { level: 1 })
  await expect(heading).toContainText('Succeeded')
  const tree = page.getByRole('tree', { name: 'Stages and steps' })
  await tabTo(page, tree)
  await page.keyboard.press('Home')
  await expect(tree.getByRole('treeitem', { name: /^Staging/ })).toHaveAttribute('aria-selected', 'true')
  for (let row = 0; row < 4; row += 1) await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('region', { name: 'Apply' }).getByRole('heading')).toContainText('Staging')

  const log = page.getByRole('region', { name: 'Log', exact: true })
  await expect(log).toContainText('Fetching commit')
  await page.keyboard.press('/')
  await expect(page.getByRole('textbox', { name: 'Search this log' })).toBeFocused()
  await page.keyboard.type('changesets in')
  await expect(page.getByText('1 of 1', { exact: true })).toBeVisible()
  await expect(log.locator('mark').first()).toHaveText('changesets in')

  await page.keyboard.press('Escape')
  await tabTo(page, log)
  await page.keyboard.press('End')
  await expect(log).toContainText('Report')

  await page.keyboard.press('g')
  await page.keyboard.press('e')
  await expect(page.getByRole('heading', { level: 1, name: 'Executions' })).toBeVisible()
})

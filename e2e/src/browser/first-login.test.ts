import { system } from '../system/system.ts'
import { expect, PROJECT_PATH, test } from './browser-test.ts'

test('a wrong password is told in place, and the right one lands at home', async ({ stranger: { page } }) => {
  await page.goto('/')
  await expect(page).toHaveURL(/\/login/)
  await page.getByLabel('E-mail').fill(system.first.email)
  await page.getByRole('textbox', { name: 'Password' }).fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toContainText('INVALID_CREDENTIALS')
  await expect(page.getByLabel('E-mail')).toHaveValue(system.first.email)

  await page.getByRole('textbox', { name: 'Password' }).fill(system.first.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL(new RegExp(`${PROJECT_PATH}$`))
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
})

test('who follows a link before signing in comes to it afterwards', async ({ stranger: { page } }) => {
  await page.goto(`${PROJECT_PATH}/executions?status=failed`)
  await expect(page).toHaveURL(/\/login\?next=/)
  await page.getByLabel('E-mail').fill(system.first.email)
  await page.getByRole('textbox', { name: 'Password' }).fill(system.first.password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Executions' })).toBeVisible()
  expect(new URL(page.url()).search).toBe('?status=failed')
})

test('nobody is sent to another site after signing in', async ({ stranger: { page } }) => {
  await page.goto('/login?next=%2F%2Felsewhere.example%2F')
  await page.getByLabel('E-mail').fill(system.first.email)
  await page.getByRole('textbox', { name: 'Password' }).fill(system.first.password)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`^${system.gatewayUrl}${PROJECT_PATH}$`))
})

test('signing out ends the session for good: the way back shows nothing', async ({ openAs }) => {
  const { page, context } = await openAs(system.first, 'own')
  await page.goto(PROJECT_PATH)
  await page.getByRole('button', { name: /^Profile of/ }).click()
  const cookies = await context.cookies()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in to Sluice' })).toBeVisible()
  // Even who kept the cookie has nothing.
  await context.addCookies(cookies)
  await page.goto(`${PROJECT_PATH}/executions`)
  await expect(page).toHaveURL(/\/login\?next=/)
})

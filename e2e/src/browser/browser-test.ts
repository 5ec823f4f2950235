import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as auth from '@sluice/contracts/auth'
import { expect as anyExpect, type Browser, type BrowserContext, type Page } from '@playwright/test'
import { until } from '@sluice/testing'
import { test as base } from 'vitest'
import { pathOf, send } from '../system/api-client.ts'
import { system } from '../system/system.ts'
import { launchBrowser } from './launch-browser.ts'

/** Where a failed test leaves the picture of its page. */
const PICTURES = join(tmpdir(), 'sluice-browser-failures')
/** On a busy machine a page, a run or a log needs its time; what is wrong stays wrong. */
const PATIENCE_MS = 30_000

/** Playwright's: waits until what is expected of a page comes true. */
export const expect = anyExpect.configure({ timeout: PATIENCE_MS })

/** Addresses of the first project's pages. */
export const PROJECT_PATH = '/orgs/default/projects/default_project'

export interface Account {
  email: string
  password: string
}

export interface Person {
  context: BrowserContext
  page: Page
  /** Opens another tab of the same browser session. */
  openTab: () => Promise<Page>
}

interface Fixtures {
  /** A browser session of its own, with nobody signed in. */
  stranger: Person
  /** A browser session in which the first administrator has signed in. */
  admin: Person
  /** Opens a browser session for somebody else; `own` where the test ends the session that others share. */
  openAs: (account: Account | undefined, session?: 'shared' | 'own') => Promise<Person>
}

/** Opens a session at the API: signing in by hand has tests of its own, and is limited in number. */
async function openSession({ email, password }: Account): Promise<string> {
  const answer = await until(
    async () => {
      const tried = await send('POST', pathOf(auth.login, {}), {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password, bearer: false }),
      })
      return tried.status === 429 ? undefined : tried
    },
    { what: `a sign-in of "${email}"`, deadlineMs: 70_000, everyMs: 1_000 },
  )
  const [cookie = ''] = [answer.headers['set-cookie'] ?? ''].flat()
  const value = new RegExp(`${auth.SESSION_COOKIE}=([^;]+)`).exec(cookie)?.[1]
  if (value === undefined) throw new Error(`"${email}" could not sign in: ${answer.status} ${answer.text}`)
  return value
}

const sessions = new Map<string, Promise<string>>()

async function signIn(context: BrowserContext, account: Account, session: 'shared' | 'own'): Promise<void> {
  const known = session === 'own' ? undefined : sessions.get(account.email)
  const opening = known ?? openSession(account)
  if (session === 'shared') sessions.set(account.email, opening)
  const cookie = { name: auth.SESSION_COOKIE, value: await opening, url: system.gatewayUrl }
  await context.addCookies([{ ...cookie, httpOnly: true, secure: true, sameSite: 'Strict' }])
}

/** What no page may do, whatever is tested: throw, or break the content policy. Refused requests are the tests' matter. */
function watch(page: Page, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      problems.push(`${page.url()}: ${message.text()}`)
  })
}

async function takePictures(name: string, contexts: readonly BrowserContext[]): Promise<void> {
  await mkdir(PICTURES, { recursive: true })
  for (const [index, page] of contexts.flatMap((context) => context.pages()).entries()) {
    const path = join(PICTURES, `${name.replaceAll(/\W+/g, '-').slice(0, 80)}-${index}.png`)
    await page.screenshot({ path, timeout: 10_000 }).catch(() => undefined)
    process.stderr.write(`${page.url()} looked like ${path}\n`)
  }
}

let shared: { browser: Browser; close: () => Promise<void> } | undefined

/** A test with browser sessions. Fails also where a page throws or breaks the content policy; leaves a picture of each. */
export const test = base.extend<Fixtures>({
  openAs: async ({ task }, use) => {
    shared ??= await launchBrowser(system.caFile)
    const { browser } = shared
    const contexts: BrowserContext[] = []
    const problems: string[] = []
    await use(async (account, session = 'shared') => {
      const context = await browser.newContext({
        baseURL: system.gatewayUrl,
        viewport: { width: 1280, height: 860 },
        reducedMotion: 'reduce',
        locale: 'en-GB',
      })
      context.setDefaultTimeout(PATIENCE_MS)
      contexts.push(context)
      context.on('page', (page) => watch(page, problems))
      if (account !== undefined) await signIn(context, account, session)
      return { context, page: await context.newPage(), openTab: () => context.newPage() }
    })
    if (task.result?.state === 'fail') await takePictures(task.name, contexts)
    await Promise.all(contexts.map((context) => context.close()))
    expect(problems, 'errors in the pages').toEqual([])
  },
  stranger: async ({ openAs }, use) => use(await openAs(undefined)),
  admin: async ({ openAs }, use) => use(await openAs(system.first)),
})

test.afterAll(async () => {
  await shared?.close()
  shared = undefined
})

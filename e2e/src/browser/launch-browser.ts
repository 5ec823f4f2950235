import { execFile } from 'node:child_process'
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { chromium, type Browser } from '@playwright/test'

const run = promisify(execFile)
const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** The browser in SLUICE_CHROMIUM or on the PATH; undefined: the one that Playwright has downloaded. */
async function installedBrowser(): Promise<string | undefined> {
  const named = process.env['SLUICE_CHROMIUM']
  if (named !== undefined && named !== '') return named
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const file of NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return file
  }
  return undefined
}

/** A home folder whose browser trusts this authority, as one does after importing its certificate. */
async function makeTrustingHome(caFile: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-browser-'))
  const database = join(home, '.pki', 'nssdb')
  await mkdir(database, { recursive: true, mode: 0o700 })
  const certutil = async (...args: string[]): Promise<void> => {
    const running = run('certutil', ['-d', `sql:${database}`, ...args], { timeout: 30_000 })
    // It would ask for a password where it can.
    running.child.stdin?.end()
    await running
  }
  await certutil('-N', '--empty-password')
  await certutil('-A', '-n', 'Sluice', '-t', 'C,,', '-i', caFile)
  return home
}

/** Starts a browser that checks certificates, and trusts the system's own authority beside the public ones. */
export async function launchBrowser(caFile: string): Promise<{ browser: Browser; close: () => Promise<void> }> {
  const home = await makeTrustingHome(caFile)
  const browser = await chromium.launch({
    executablePath: await installedBrowser(),
    // As root there is no sandbox to be had.
    chromiumSandbox: process.getuid?.() !== 0,
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), XDG_DATA_HOME: join(home, '.local') },
  })
  return {
    browser,
    close: async () => {
      await browser.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

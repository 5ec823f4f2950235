import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { Layout } from './layout.ts'
import { randomPassword } from './state.ts'

/**
 * Makes the first account's password at the very first start, for ng-core to read.
 * @returns the password while it has not been shown yet
 */
export async function readFirstPassword(layout: Layout): Promise<string | undefined> {
  const isFirstStart = await stat(layout.stateFile).then(
    () => false,
    () => true,
  )
  if (isFirstStart) await writeFile(layout.firstPasswordFile, `${randomPassword()}\n`, { mode: 0o600 })
  const password = await readFile(layout.firstPasswordFile, 'utf8').catch(() => undefined)
  return password?.trim()
}

/** Called once the password was shown: from now on only its hash exists. */
export async function forgetFirstPassword(layout: Layout): Promise<void> {
  await rm(layout.firstPasswordFile, { force: true })
}

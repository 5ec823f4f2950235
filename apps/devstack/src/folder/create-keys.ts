import { randomBytes } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { Layout } from './layout.ts'
import { randomPassword } from './state.ts'

/**
 * Makes the key file of the first start and the first password.
 * @returns the password while it has not been shown yet
 */
export async function createKeys(layout: Layout): Promise<string | undefined> {
  const isFirstStart = await stat(layout.kekFile).then(
    () => false,
    () => true,
  )
  if (isFirstStart) {
    await writeFile(layout.firstPasswordFile, `${randomPassword()}\n`, { mode: 0o600 })
    // Written last: a start that was cut off before this line counts as the first one again.
    await writeFile(layout.kekFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
  }
  const password = await readFile(layout.firstPasswordFile, 'utf8').catch(() => undefined)
  return password?.trim()
}

/** Called once the password was shown: from now on only its hash exists. */
export async function forget(layout: Layout): Promise<void> {
  await rm(layout.firstPasswordFile, { force: true })
}

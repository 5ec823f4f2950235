import { newStorePasswords, StorePasswords } from '@sluice/database/bootstrap'
import type { Layout } from '../folder/layout.ts'
import { readIfThere, writeWholeFile } from '../folder/write-whole-file.ts'

/** The stores' passwords; random ones are made where there are none yet. */
export async function readOrMakePasswords(layout: Layout): Promise<StorePasswords> {
  const known = await readPasswords(layout)
  if (known !== undefined) return known
  const passwords = newStorePasswords()
  await writeWholeFile(layout.passwordsFile, `${JSON.stringify(passwords, undefined, 2)}\n`, 0o600)
  return passwords
}

/** The stores' passwords, once the first job has made them. */
export async function readPasswords(layout: Layout): Promise<StorePasswords | undefined> {
  const text = await readIfThere(layout.passwordsFile)
  return text === undefined ? undefined : StorePasswords.parse(JSON.parse(text))
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The user a server runs as; empty when that is simply ourselves. */
export interface Account {
  uid?: number
  gid?: number
}

/** Postgres refuses to run as root: there it runs as the system user `postgres`, made when missing. */
export async function findAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {}
  const known = await readAccount()
  if (known) return known
  await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'])
  const made = await readAccount()
  if (made) return made
  throw new Error(
    'Postgres cannot run as root and the user "postgres" could not be made. Run this as an ordinary user.',
  )
}

async function readAccount(): Promise<Required<Account> | undefined> {
  try {
    return { uid: await readId('-u'), gid: await readId('-g') }
  } catch {
    return undefined
  }
}

async function readId(flag: '-u' | '-g'): Promise<number> {
  return Number((await run('id', [flag, 'postgres'])).stdout.trim())
}

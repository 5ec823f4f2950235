import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const GIT_WITHIN_MS = 60_000

/** The shop's changelog, as it lies in the repository. */
const CONTENT = fileURLToPath(new URL('../../demo/shop-db', import.meta.url))
const AUTHOR = { name: 'Sluice demo', email: 'demo@localhost' }

export interface RepositoryOptions {
  /** Bare repository that the git host serves. */
  bare: string
  /** Working clone for the person who started Sluice. */
  clone: string
  /** HTTPS address of the bare repository. */
  url: string
  pushToken: string
  /** PEM file that the address is verified with. */
  caFile: string
}

/** Makes an empty bare repository, aside and renamed, so that an interrupted start leaves nothing that looks like one. */
export async function makeBareRepository(bare: string): Promise<void> {
  if (await exists(bare)) return
  const fresh = `${bare}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(dirname(bare), { recursive: true, mode: 0o700 })
  await git(dirname(bare), ['init', '--quiet', '--bare', '--initial-branch=main', '--template=', fresh])
  await rename(fresh, bare)
}

/**
 * Makes the working clone with the shop's changelog and pushes it over the address that everybody uses. `git push` works
 * in it as it is: its own configuration trusts the local authority and holds the push token, and nothing else does.
 */
export async function makeClone(options: RepositoryOptions): Promise<void> {
  const { clone } = options
  if (await exists(clone)) return
  const fresh = `${clone}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(dirname(clone), { recursive: true, mode: 0o700 })
  await cp(CONTENT, fresh, { recursive: true })
  await git(fresh, ['init', '--quiet', '--initial-branch=main', '--template='])
  await chmod(join(fresh, '.git', 'config'), 0o600)
  await pointAt(fresh, options)
  await git(fresh, ['config', 'branch.main.remote', 'origin'])
  await git(fresh, ['config', 'branch.main.merge', 'refs/heads/main'])
  // Who has told git no name yet can commit here all the same.
  const hasIdentity = await run('git', ['config', '--global', 'user.email'], { timeout: GIT_WITHIN_MS }).then(
    () => true,
    () => false,
  )
  if (!hasIdentity) {
    await git(fresh, ['config', 'user.name', AUTHOR.name])
    await git(fresh, ['config', 'user.email', AUTHOR.email])
  }
  await git(fresh, ['add', '--all'])
  await git(fresh, ['commit', '--quiet', '--message', 'The shop on its first day'])
  // Forced: of an interrupted start, only the push may have got through.
  await git(fresh, ['push', '--quiet', '--force', 'origin', 'main'])
  await rename(fresh, clone)
}

/** Leads a clone of an earlier start to the address of this one, where nobody has led it elsewhere. */
export async function moveClone(options: RepositoryOptions, formerUrl: string): Promise<void> {
  if (!(await exists(options.clone))) return
  const current = await git(options.clone, ['config', 'remote.origin.url']).catch(() => '')
  if (current === formerUrl) await pointAt(options.clone, options)
}

async function pointAt(folder: string, { url, pushToken, caFile }: RepositoryOptions): Promise<void> {
  const scope = `http.${new URL(url).origin}/`
  const basic = Buffer.from(`push:${pushToken}`).toString('base64')
  const settings = [
    ['remote.origin.url', url],
    ['remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*'],
    [`${scope}.sslCAInfo`, caFile],
    [`${scope}.extraHeader`, `Authorization: Basic ${basic}`],
    // A proxy of this network doesn't lead to this machine.
    [`${scope}.proxy`, ''],
  ] as const
  for (const [name, value] of settings) await git(folder, ['config', '--replace-all', name, value])
}

/** Runs git without the user's own configuration: hooks, templates and signing are theirs, not the demo's. */
async function git(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run('git', [...args], {
    cwd: folder,
    timeout: GIT_WITHIN_MS,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: AUTHOR.name,
      GIT_AUTHOR_EMAIL: AUTHOR.email,
      GIT_COMMITTER_NAME: AUTHOR.name,
      GIT_COMMITTER_EMAIL: AUTHOR.email,
    },
  })
  return stdout.trim()
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

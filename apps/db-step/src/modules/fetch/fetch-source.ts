import { createHash } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { GitSource } from '@sluice/contracts/tasks'
import { explainGitError } from './explain-git-error.ts'
import { GitCommandError, checkGitUrl, runGit, type GitRemote } from './git-command.ts'
import { readGitRef, refSpec, type GitRef } from './git-ref.ts'

export interface FetchedSource {
  /** Folder of the checked out commit. */
  root: string
  commit: string
  /** True when an earlier step of the pod fetched the same commit. */
  isReused: boolean
}

export interface FetchOptions {
  /** Folder shared by the steps of the pod. */
  workspace: string
  password?: string
  caFile?: string
  signal: AbortSignal
}

/**
 * Brings one commit of a repository into the workspace: shallow, over https, without hooks, submodules or filters.
 * @throws AppError URL_REFUSED, INVALID_REQUEST, GIT_REF_NOT_FOUND, GIT_AUTHENTICATION_FAILED, GIT_UNREACHABLE,
 *   GIT_FAILED, ABORTED.
 */
export async function fetchSource(source: GitSource, options: FetchOptions): Promise<FetchedSource> {
  checkGitUrl(source.url)
  const ref = readGitRef(source)
  const folder = join(options.workspace, 'sources')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (ref.kind === 'commit') {
    const root = join(folder, nameOf(source.url, ref.name))
    if (await isFolder(root)) return { root, commit: ref.name, isReused: true }
  }
  const remote: GitRemote = {
    url: source.url,
    ...(source.username === undefined ? {} : { username: source.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
  }
  const fresh = join(folder, `new-${crypto.randomUUID()}`)
  await mkdir(fresh, { mode: 0o700 })
  const git = (...args: string[]): Promise<string> => runGit(args, { ...options, folder: fresh, remote })
  try {
    await git('init', '--quiet', '--template=', '.')
    const fetched = await fetchRef(git, source, ref)
    const commit = (await git('rev-parse', '--verify', '--end-of-options', `${fetched}^{commit}`)).trim()
    await git('checkout', '--quiet', '--force', '--detach', commit, '--')
    const root = join(folder, nameOf(source.url, commit))
    if (await isFolder(root)) return { root, commit, isReused: true }
    // A folder under its final name is complete.
    await rename(fresh, root)
    return { root, commit, isReused: false }
  } catch (error) {
    throw explainGitError(error, { url: source.url, ref })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** @returns the revision that was fetched, as the new repository knows it. */
async function fetchRef(git: (...args: string[]) => Promise<string>, source: GitSource, ref: GitRef): Promise<string> {
  const fetch = (depth: string[], spec: string): Promise<string> =>
    git(
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-recurse-submodules',
      '--no-write-commit-graph',
      ...depth,
      '--',
      source.url,
      spec,
    )
  try {
    await fetch(['--depth=1'], refSpec(ref))
    return 'FETCH_HEAD'
  } catch (error) {
    const isRefused = error instanceof GitCommandError && /unadvertised object|not our ref/i.test(error.stderr)
    if (ref.kind !== 'commit' || !isRefused) throw error
    // Some hosts give only named refs: the commit is looked for in the history of all branches.
    await fetch([], '+refs/heads/*:refs/remotes/origin/*')
    const found = await git('cat-file', '-t', ref.name).catch(() => '')
    if (found.trim() !== 'commit') throw error
    return ref.name
  }
}

/** Tries address and credentials without fetching anything. @throws as {@link fetchSource}. */
export async function listRemote(remote: GitRemote, options: FetchOptions): Promise<void> {
  checkGitUrl(remote.url)
  try {
    await runGit(['ls-remote', '--quiet', '--', remote.url, 'HEAD'], { ...options, folder: options.workspace, remote })
  } catch (error) {
    throw explainGitError(error, { url: remote.url })
  }
}

function nameOf(url: string, commit: string): string {
  return createHash('sha256').update(`${url}\n${commit}`).digest('hex').slice(0, 32)
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  )
}

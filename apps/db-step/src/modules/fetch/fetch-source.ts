import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GitSource } from '@sluice/contracts/tasks'
import { checkGitHost } from './check-git-host.ts'
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
    ...(await checkGitHost(source.url)),
    ...(source.username === undefined ? {} : { username: source.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
  }
  const fresh = join(folder, `new-${crypto.randomUUID()}`)
  await mkdir(fresh, { mode: 0o700 })
  const git = (...args: string[]): Promise<string> => runGit(args, { ...options, folder: fresh, remote })
  try {
    await makeRepository(fresh)
    const commit = await fetchRef(git, fresh, source.url, ref)
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

/** An empty repository as `git init` makes it (gitrepository-layout): a process less in the user's path. */
export async function makeRepository(folder: string): Promise<void> {
  const inner = join(folder, '.git')
  await mkdir(join(inner, 'objects'), { recursive: true })
  await mkdir(join(inner, 'refs'))
  await writeFile(join(inner, 'HEAD'), 'ref: refs/heads/none\n')
  await writeFile(join(inner, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = false\n')
}

/** Fetches one commit into a repository made by {@link makeRepository}. @returns its hash. */
export async function fetchRef(
  git: (...args: string[]) => Promise<string>,
  folder: string,
  url: string,
  ref: GitRef,
): Promise<string> {
  const fetch = (depth: string[], spec: string): Promise<string> =>
    git(
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-recurse-submodules',
      '--no-write-commit-graph',
      '--no-auto-maintenance',
      ...depth,
      '--',
      url,
      spec,
    )
  try {
    await fetch(['--depth=1'], refSpec(ref))
  } catch (error) {
    const isRefused = error instanceof GitCommandError && /unadvertised object|not our ref/i.test(error.stderr)
    if (ref.kind !== 'commit' || !isRefused) throw error
    // Some hosts give only named refs: the commit is looked for in the history of all branches.
    await fetch([], '+refs/heads/*:refs/remotes/origin/*')
    const found = await git('cat-file', '-t', ref.name).catch(() => '')
    if (found.trim() !== 'commit') throw error
    return ref.name
  }
  if (ref.kind === 'commit') return ref.name
  if (ref.kind === 'branch') {
    const head = /^[0-9a-f]{40,64}/.exec(await readFile(join(folder, '.git', 'FETCH_HEAD'), 'utf8'))?.[0]
    if (head !== undefined) return head
  }
  // An annotated tag is an object of its own that names the commit.
  return (await git('rev-parse', '--verify', '--end-of-options', 'FETCH_HEAD^{commit}')).trim()
}

/** Tries address and credentials without fetching anything. @throws as {@link fetchSource}. */
export async function listRemote(remote: GitRemote, options: FetchOptions): Promise<void> {
  checkGitUrl(remote.url)
  try {
    const checked = { ...remote, ...(await checkGitHost(remote.url)) }
    await runGit(['ls-remote', '--quiet', '--', remote.url, 'HEAD'], {
      ...options,
      folder: options.workspace,
      remote: checked,
    })
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

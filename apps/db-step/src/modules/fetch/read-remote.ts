import { isUtf8 } from 'node:buffer'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@sluice/contracts/errors'
import type { RepositoryBranches, RepositoryListing, RepositoryText } from '@sluice/contracts/tasks'
import { REPOSITORY_ENTRIES_MAX, REPOSITORY_PATHS_MAX } from '@sluice/contracts/tasks'
import { checkGitHost } from './check-git-host.ts'
import { explainGitError } from './explain-git-error.ts'
import { fetchRef, makeRepository, type FetchOptions } from './fetch-source.ts'
import { checkGitUrl, runGit, type GitRemote } from './git-command.ts'
import { readGitRef, type GitRef } from './git-ref.ts'

const HEADS = 'refs/heads/'
/** A result travels as one message of 1 MiB, with its JSON's quotes and escapes. */
const FILE_MAX_BYTES = 400 * 1024
const PATHS_MAX_CHARACTERS = 300_000

interface RefChoice {
  branch?: string | undefined
  tag?: string | undefined
  commit?: string | undefined
}

type Git = (...args: string[]) => Promise<string>

/** One page of a repository's branches by name. @throws AppError as `fetchSource` does. */
export async function listBranches(
  remote: GitRemote,
  page: { searchTerm: string; page: number; size: number },
  options: FetchOptions,
): Promise<RepositoryBranches> {
  return inRemote(remote, undefined, options, async (git) => {
    const text = await git('ls-remote', '--symref', '--', remote.url, 'HEAD', `${HEADS}*`)
    const defaultBranch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(text)?.[1]
    const wanted = page.searchTerm.toLowerCase()
    const branches = text
      .split('\n')
      .flatMap((line) => {
        const [, commit, name] = /^([0-9a-f]{40,64})\trefs\/heads\/(\S+)$/.exec(line) ?? []
        return commit === undefined || name === undefined ? [] : [{ name, commit }]
      })
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .toSorted((one, other) => one.name.localeCompare(other.name, 'en'))
    const start = page.page * page.size
    return {
      items: branches.slice(start, start + page.size),
      ...(defaultBranch === undefined ? {} : { defaultBranch }),
      total: branches.length,
    }
  })
}

/** A folder at a branch or tag, with the paths of all files below it. @throws AppError REFERENCE_NOT_FOUND, and as `fetchSource`. */
export async function listFolder(
  remote: GitRemote,
  at: RefChoice & { path: string },
  options: FetchOptions,
): Promise<RepositoryListing> {
  const path = at.path.replace(/^(\.?\/)+|\/+$/g, '')
  return atCommit(remote, at, options, async (git, commit) => {
    const entries = await git('ls-tree', '-z', '--full-tree', path === '' ? commit : `${commit}:${path}`).catch(
      (cause: unknown) => {
        throw new AppError(
          'REFERENCE_NOT_FOUND',
          `There is no folder "${path}" in the repository at commit ${commit.slice(0, 12)}. Mind upper and lower case.`,
          { cause },
        )
      },
    )
    const listed = entries.split('\0').flatMap((line) => {
      const [, mode, name] = /^(\d{6}) \w+ [0-9a-f]+\t(.+)$/s.exec(line) ?? []
      if (mode === undefined || name === undefined || !/^(100|040)/.test(mode)) return []
      const type = mode.startsWith('040') ? ('folder' as const) : ('file' as const)
      return [{ name, path: path === '' ? name : `${path}/${name}`, type }]
    })
    const all = await git(
      'ls-tree',
      '-r',
      '-z',
      '--name-only',
      '--full-tree',
      commit,
      ...(path === '' ? [] : ['--', path]),
    )
    return {
      path,
      commit,
      entries: listed.slice(0, REPOSITORY_ENTRIES_MAX),
      truncated: listed.length > REPOSITORY_ENTRIES_MAX,
      paths: bounded(all.split('\0').filter((name) => /\.(ya?ml|xml|json|sql)$/i.test(name))),
    }
  })
}

/** A text file at a branch or tag. @throws AppError REFERENCE_NOT_FOUND, BODY_TOO_LARGE, INVALID_REQUEST (not text). */
export async function readText(
  remote: GitRemote,
  at: RefChoice & { path: string },
  options: FetchOptions,
): Promise<RepositoryText> {
  return atCommit(remote, at, options, async (git, commit) => {
    const line = await git('ls-tree', '-z', '-l', '--full-tree', commit, '--', at.path)
    const [, mode, id, size] = /^(\d{6}) \w+ ([0-9a-f]{40,64}) +(\d+|-)\t/.exec(line) ?? []
    // 100644 and 100755; links could point anywhere, folders and submodules have no text.
    if (mode?.startsWith('100') !== true || id === undefined) {
      throw new AppError(
        'REFERENCE_NOT_FOUND',
        `There is no file "${at.path}" in the repository at commit ${commit.slice(0, 12)}. Mind upper and lower case.`,
      )
    }
    if (Number(size) > FILE_MAX_BYTES) {
      throw new AppError('BODY_TOO_LARGE', `"${at.path}" has more than ${FILE_MAX_BYTES} bytes. Read it with git.`)
    }
    const content = await git('cat-file', 'blob', id)
    // git's output was read as UTF-8: what it was not shows as replacement characters.
    if (content.includes('\0') || !isUtf8(Buffer.from(content)) || content.includes('\uFFFD')) {
      throw new AppError('INVALID_REQUEST', `"${at.path}" is not a text file. Name a text file in UTF-8.`)
    }
    return { path: at.path, commit, content }
  })
}

function bounded(paths: readonly string[]): string[] {
  let characters = 0
  return paths.slice(0, REPOSITORY_PATHS_MAX).filter((path) => (characters += path.length) <= PATHS_MAX_CHARACTERS)
}

async function atCommit<Value>(
  remote: GitRemote,
  at: RefChoice,
  options: FetchOptions,
  work: (git: Git, commit: string) => Promise<Value>,
): Promise<Value> {
  const ref = readGitRef({ branch: at.branch, tag: at.tag, commit: at.commit })
  return inRemote(remote, ref, options, async (git, folder) => {
    await makeRepository(folder)
    return work(git, await fetchRef(git, folder, remote.url, ref))
  })
}

/** Gives `work` git in an empty folder of its own, held to the host's checked addresses. */
async function inRemote<Value>(
  remote: GitRemote,
  ref: GitRef | undefined,
  options: FetchOptions,
  work: (git: Git, folder: string) => Promise<Value>,
): Promise<Value> {
  checkGitUrl(remote.url)
  const folder = join(options.workspace, `read-${crypto.randomUUID()}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    const checked = { ...remote, ...(await checkGitHost(remote.url)) }
    return await work((...args) => runGit(args, { ...options, folder, remote: checked }), folder)
  } catch (error) {
    throw explainGitError(error, { url: remote.url, ...(ref === undefined ? {} : { ref }) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

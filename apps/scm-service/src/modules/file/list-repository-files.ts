import { AppError } from '@sluice/contracts/errors'
import type { ListedFiles } from '@sluice/contracts/scm'
import { REPOSITORY_ENTRIES_MAX, REPOSITORY_PATHS_MAX } from '@sluice/contracts/tasks'
import type { Git, GitReader } from '../git/git-reader.ts'
import type { RefChoice } from '../git/read-refs.ts'
import { GitCommandError } from '../git/run-git.ts'
import { FETCHED, fetchTip } from './read-repository-file.ts'

export interface ListFilesInput extends RefChoice {
  url: string
  path: string
}

/** Ends of names that a changelog may have. */
const CHANGELOG_NAME = /\.(ya?ml|xml|json|sql)$/i

/**
 * Lists one folder at the tip of a branch or tag, and the paths of everything below it that could be a changelog.
 * Hosts that can filter send folders only.
 * @throws AppError GIT_REF_NOT_FOUND, REFERENCE_NOT_FOUND (no such folder)
 */
export async function listRemoteFiles(reader: GitReader, input: ListFilesInput): Promise<ListedFiles> {
  const path = input.path.replace(/^(\.?\/)+|\/+$/g, '')
  return reader.read(input.url, async (git, url): Promise<ListedFiles> => {
    const commit = await fetchTip(git, url, input)
    const listed = await readFolder(git, path)
    const below = await git([
      'ls-tree',
      '-r',
      '-z',
      '--name-only',
      '--full-tree',
      FETCHED,
      ...(path === '' ? [] : ['--', path]),
    ])
    return {
      resolved: true,
      path,
      commit,
      entries: listed.slice(0, REPOSITORY_ENTRIES_MAX),
      truncated: listed.length > REPOSITORY_ENTRIES_MAX,
      paths: below
        .toString()
        .split('\0')
        .filter((name) => CHANGELOG_NAME.test(name))
        .slice(0, REPOSITORY_PATHS_MAX),
    }
  })
}

async function readFolder(git: Git, path: string) {
  let output: Buffer
  try {
    output = await git(['ls-tree', '-z', '--full-tree', path === '' ? FETCHED : `${FETCHED}:${path}`])
  } catch (cause) {
    if (!(cause instanceof GitCommandError) || cause.timedOut) throw cause
    throw new AppError(
      'REFERENCE_NOT_FOUND',
      `There is no folder "${path}" in the repository. Mind upper and lower case.`,
      { cause },
    )
  }
  return output
    .toString()
    .split('\0')
    .flatMap((line) => {
      const [, mode, name] = /^(\d{6}) \w+ [0-9a-f]+\t(.+)$/s.exec(line) ?? []
      // Links could point anywhere; submodules are other repositories.
      if (mode === undefined || name === undefined || !/^(100|040)/.test(mode)) return []
      const type = mode.startsWith('040') ? ('folder' as const) : ('file' as const)
      return [{ name, path: path === '' ? name : `${path}/${name}`, type }]
    })
}

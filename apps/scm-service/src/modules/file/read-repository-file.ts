import { isUtf8 } from 'node:buffer'
import { AppError } from '@sluice/contracts/errors'
import { SCM_FILE_MAX_BYTES, type RepositoryFile } from '@sluice/contracts/scm'
import { GitCommandError } from '../git/run-git.ts'
import type { Git, GitReader } from '../git/git-reader.ts'
import { fullRefName, noSuchRef, type RefChoice } from '../git/read-refs.ts'

export interface ReadFileInput extends RefChoice {
  url: string
  path: string
}

/** What {@link fetchTip} has fetched. */
export const FETCHED = 'refs/sluice/wanted'

/**
 * Reads one text file at the tip of a branch or tag. Hosts that can filter send the folders and this file only.
 * @throws AppError GIT_REF_NOT_FOUND, REFERENCE_NOT_FOUND (no such file), BODY_TOO_LARGE, INVALID_REQUEST (not text)
 */
export async function readRemoteFile(reader: GitReader, input: ReadFileInput): Promise<RepositoryFile> {
  return reader.read(input.url, async (git, url): Promise<RepositoryFile> => {
    const commit = await fetchTip(git, url, input)
    const blobId = await findBlob(git, input.path)
    const content = await readBlob(git, blobId, input.path)
    if (!isUtf8(content) || content.includes(0)) {
      throw new AppError('INVALID_REQUEST', `"${input.path}" is not a text file. Name a text file in UTF-8.`)
    }
    return { resolved: true, commit, blobId, content: content.toString() }
  })
}

/** Fetches the tip of a branch or tag, folders only where the host can filter. @returns its commit */
export async function fetchTip(git: Git, url: string, ref: RefChoice): Promise<string> {
  await git(['init', '--quiet', '--bare', '.'])
  await git(['config', 'remote.origin.url', url])
  await git(['config', 'remote.origin.promisor', 'true'])
  try {
    const refspec = `+${fullRefName(ref)}:${FETCHED}`
    await git(['fetch', '--quiet', '--no-tags', '--depth=1', '--filter=blob:none', '--', 'origin', refspec])
  } catch (error) {
    if (error instanceof GitCommandError && /couldn't find remote ref/.test(error.stderr)) throw noSuchRef(ref, url)
    throw error
  }
  return (await git(['rev-parse', '--verify', `${FETCHED}^{commit}`])).toString().trim()
}

async function findBlob(git: Git, path: string): Promise<string> {
  const output = (await git(['ls-tree', '-z', '--full-tree', FETCHED, '--', path.replace(/\/+$/, '')])).toString()
  const [, mode, id] = /^(\d{6}) \w+ ([0-9a-f]{40,64})\t/.exec(output) ?? []
  if (mode === undefined || id === undefined) {
    throw new AppError('REFERENCE_NOT_FOUND', `There is no "${path}" in the repository. Mind upper and lower case.`)
  }
  // 100644 and 100755; links could point anywhere, folders and submodules have no text.
  if (!mode.startsWith('100')) {
    throw new AppError('REFERENCE_NOT_FOUND', `"${path}" is not a file, but a folder, link or submodule.`)
  }
  return id
}

async function readBlob(git: Git, id: string, path: string): Promise<Buffer> {
  try {
    return await git(['cat-file', 'blob', id], { maxOutputBytes: SCM_FILE_MAX_BYTES })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'BODY_TOO_LARGE') throw error
    throw new AppError('BODY_TOO_LARGE', `"${path}" has more than ${SCM_FILE_MAX_BYTES} bytes. Read it with git.`, {
      cause: error,
    })
  }
}

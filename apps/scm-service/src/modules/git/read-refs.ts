import { AppError } from '@sluice/contracts/errors'
import type { Git } from './git-reader.ts'

export interface RemoteRef {
  name: string
  commit: string
}

/** A branch or a tag. */
export interface RefChoice {
  branch?: string
  tag?: string
}

/** `refs/heads/main` or `refs/tags/v1`. */
export function fullRefName(ref: RefChoice): string {
  return ref.tag === undefined ? `refs/heads/${ref.branch ?? ''}` : `refs/tags/${ref.tag}`
}

/** @returns the error for a ref that the repository does not have */
export function noSuchRef(ref: RefChoice, url: string): AppError {
  const what = ref.tag === undefined ? `branch "${ref.branch ?? ''}"` : `tag "${ref.tag}"`
  return new AppError('GIT_REF_NOT_FOUND', `There is no ${what} in "${url}". Push it, or name another.`)
}

/** Lists refs whose name ends with one of `patterns`; `^{}` after a tag's name is the commit that it stands for. */
export async function listRemoteRefs(git: Git, url: string, patterns: readonly string[]): Promise<RemoteRef[]> {
  const output = (await git(['ls-remote', '--', url, ...patterns])).toString()
  return output.split('\n').flatMap((line) => {
    const match = /^([0-9a-f]{40,64})\t(\S+)$/.exec(line)
    return match?.[1] === undefined || match[2] === undefined ? [] : [{ commit: match[1], name: match[2] }]
  })
}

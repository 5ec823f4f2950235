import { AppError } from '@sluice/contracts/errors'
import type { GitSource } from '@sluice/contracts/tasks'

export type GitRef = { kind: 'branch' | 'tag' | 'commit'; name: string }

/** What the remote calls it. */
export function refSpec(ref: GitRef): string {
  if (ref.kind === 'commit') return ref.name
  return ref.kind === 'branch' ? `refs/heads/${ref.name}` : `refs/tags/${ref.name}`
}

/**
 * The ref that a source asks for; a pinned commit wins over the branch or tag it was resolved from.
 * @throws AppError INVALID_REQUEST for none, or for a name that git wouldn't take or would take for an option.
 */
export function readGitRef(source: Pick<GitSource, 'branch' | 'tag' | 'commit'>): GitRef {
  if (source.commit !== undefined) {
    if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(source.commit))
      throw invalid(source.commit, 'commit', 'a full hash in lower case')
    return { kind: 'commit', name: source.commit }
  }
  const name = source.branch ?? source.tag
  const kind = source.branch === undefined ? 'tag' : 'branch'
  if (name === undefined) {
    throw new AppError('INVALID_REQUEST', 'The git source names no branch, tag or commit. Give exactly one of them.')
  }
  if (!isValidRefName(name)) throw invalid(name, kind, `a valid ${kind} name (see git check-ref-format)`)
  return { kind, name }
}

/** The rules of git check-ref-format, and no leading dash, so that a name can never be read as an option. */
function isValidRefName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what git refuses
  if (name === '' || name === '@' || /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.$|\/$/.test(name)) return false
  return name.split('/').every((part) => part !== '' && !/^[.-]|\.lock$/.test(part))
}

function invalid(name: string, kind: string, expected: string): AppError {
  return new AppError('INVALID_REQUEST', `The git ${kind} "${name}" is not ${expected}. Correct it in the DB schema.`)
}

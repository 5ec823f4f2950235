import { AppError } from '@sluice/contracts/errors'
import { GitCommandError } from './git-command.ts'
import type { GitRef } from './git-ref.ts'

const MISSING_REF =
  /couldn't find remote ref|not our ref|unadvertised object|remote ref .* not found|did not match any/i
const AUTHENTICATION =
  /authentication failed|could not read (username|password)|terminal prompts disabled|error: 40[13]|access denied|invalid credentials/i
const NOT_FOUND = /repository .* not found|error: 404/i
const TLS = /ssl certificate|certificate verif|server certificate|ssl connect error|gnutls|tls/i
const UNREACHABLE =
  /could not resolve|failed to connect|couldn't connect|connection refused|connection timed out|timed out|network is unreachable|no route to host|operation too slow|connection reset|error: 5\d\d|empty reply|early eof|unexpected disconnect/i
const REDIRECT = /redirect|error: 30\d/i

/** Turns what git said into a named error with a sentence that says what to do. */
export function explainGitError(error: unknown, where: { url: string; ref?: GitRef }): Error {
  if (!(error instanceof GitCommandError)) return error instanceof Error ? error : new Error(String(error))
  const { stderr } = error
  const repository = `the repository "${where.url}"`
  const options = { context: { stderr }, cause: error, details: { url: where.url, ref: where.ref } }
  if (MISSING_REF.test(stderr) && where.ref) {
    const { kind, name } = where.ref
    return new AppError(
      'GIT_REF_NOT_FOUND',
      `The ${kind} "${name}" does not exist in ${repository}. Correct it in the DB schema, or push it.`,
      options,
    )
  }
  if (AUTHENTICATION.test(stderr)) {
    return new AppError(
      'GIT_AUTHENTICATION_FAILED',
      `The git host refused the credentials for ${repository}. Check the user name and the secret of the git connector.`,
      options,
    )
  }
  if (NOT_FOUND.test(stderr)) {
    return new AppError(
      'GIT_FAILED',
      `There is no repository at "${where.url}", or the connector's account can't see it. Check the address and the account's rights.`,
      options,
    )
  }
  if (REDIRECT.test(stderr)) {
    return new AppError(
      'GIT_FAILED',
      `The git host redirects "${where.url}" to another address. Put the new address into the connector.`,
      options,
    )
  }
  if (TLS.test(stderr)) {
    return new AppError(
      'GIT_UNREACHABLE',
      `The certificate of the git host of "${where.url}" is not trusted: ${lastLine(stderr)} Give the delegate the host's certificate authority.`,
      options,
    )
  }
  if (UNREACHABLE.test(stderr)) {
    return new AppError(
      'GIT_UNREACHABLE',
      `The git host of "${where.url}" can't be reached from the delegate: ${lastLine(stderr)} Check the address and the network.`,
      options,
    )
  }
  return new AppError('GIT_FAILED', `git could not read ${repository}: ${lastLine(stderr)}`, options)
}

function lastLine(stderr: string): string {
  const line =
    stderr
      .trim()
      .split('\n')
      .findLast((text) => /^(fatal|error):/.test(text)) ??
    stderr.trim().split('\n').at(-1) ??
    ''
  const text = line.replace(/^(fatal|error): /, '').slice(0, 500)
  return /[.!?]$/.test(text) ? text : `${text}.`
}

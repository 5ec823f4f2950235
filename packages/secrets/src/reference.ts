import { AppError } from '@sluice/contracts/errors'

/** Secrets by name in expressions, and by id in plans. Runs anywhere: no Node imports. */

/** Where a name is looked up. Without a prefix: where the text was written. */
export type SecretLevel = 'account' | 'org' | 'project'

export interface SecretName {
  level: SecretLevel
  identifier: string
}

export interface SecretExpression {
  /** As written, e.g. `<+secrets.getValue("account.orders_pw")>`. */
  expression: string
  /** Offsets in the text: `start` included, `end` not. */
  start: number
  end: number
  /** As written, e.g. `account.orders_pw`. */
  name: string
  parsed: SecretName
}

/** A secret as plans, hashes and policy inputs name it. */
export interface PinnedSecret {
  secretId: string
  version: number
}

export interface SecretPlaceholder extends PinnedSecret {
  placeholder: string
  start: number
  end: number
}

const IDENTIFIER = /^[a-zA-Z_][0-9a-zA-Z_$]{0,127}$/
const MAX_NAME = 140

/** Bounded on every side, so that no text can make the match slow. */
const EXPRESSION = /<\+secrets\.getValue\(\s{0,8}(?:"([^"\n]{0,200})"|'([^'\n]{0,200})')\s{0,8}\)>/g
const PLACEHOLDER = /<secret:([a-z0-9-]{1,64})@([1-9][0-9]{0,8})>/g

/**
 * Reads `x`, `org.x` or `account.x`.
 * @throws AppError INVALID_REQUEST
 */
export function parseSecretName(name: string): SecretName {
  const [first = '', ...rest] = name.split('.')
  const prefixed = rest.length > 0 && (first === 'account' || first === 'org')
  const level: SecretLevel = prefixed ? (first === 'account' ? 'account' : 'org') : 'project'
  const identifier = prefixed ? rest.join('.') : name
  if (name.length > MAX_NAME || !IDENTIFIER.test(identifier)) {
    throw new AppError(
      'INVALID_REQUEST',
      `"${name.slice(0, MAX_NAME)}" is not the name of a secret: write "identifier", "org.identifier" or "account.identifier".`,
    )
  }
  return { level, identifier }
}

/**
 * Every `<+secrets.getValue("…")>` of a text, in order.
 * @throws AppError INVALID_REQUEST for one whose name isn't valid
 */
export function findSecretExpressions(text: string): SecretExpression[] {
  return [...text.matchAll(EXPRESSION)].map((match) => {
    const [expression, double, single] = match
    const name = double ?? single ?? ''
    const start = match.index
    return { expression, start, end: start + expression.length, name, parsed: parseSecretName(name) }
  })
}

/**
 * Replaces each expression by the placeholder of the secret that `resolve` finds.
 * @throws what `resolve` throws, and AppError INVALID_REQUEST for a name that isn't valid
 */
export function replaceSecretExpressions(text: string, resolve: (name: string) => PinnedSecret): string {
  return splice(text, findSecretExpressions(text), (found) => formatPlaceholder(resolve(found.name)))
}

/** Form of a secret where its value must not be: `<secret:sec-…@3>`. */
export function formatPlaceholder(secret: PinnedSecret): string {
  return `<secret:${secret.secretId}@${secret.version}>`
}

export function findPlaceholders(text: string): SecretPlaceholder[] {
  return [...text.matchAll(PLACEHOLDER)].map((match) => {
    const [placeholder, secretId = '', version = ''] = match
    const start = match.index
    return { placeholder, start, end: start + placeholder.length, secretId, version: Number(version) }
  })
}

/**
 * Puts values in the place of placeholders, in the driver only. A value is never looked at for placeholders itself.
 * @param values by placeholder: only what the task was given; text from users can't name another
 * @throws AppError SECRET_NOT_OPENED for a placeholder without a value
 */
export function substitutePlaceholders(text: string, values: ReadonlyMap<string, string>): string {
  return splice(text, findPlaceholders(text), ({ placeholder, secretId }) => {
    const value = values.get(placeholder)
    if (value !== undefined) return value
    throw new AppError(
      'SECRET_NOT_OPENED',
      `The text names secret "${secretId}", which this task was not given. Refer to secrets with <+secrets.getValue("…")> only.`,
    )
  })
}

function splice<Found extends { start: number; end: number }>(
  text: string,
  found: readonly Found[],
  replacement: (one: Found) => string,
): string {
  let result = ''
  let position = 0
  for (const one of found) {
    result += text.slice(position, one.start) + replacement(one)
    position = one.end
  }
  return result + text.slice(position)
}

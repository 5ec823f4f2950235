import { ExpressionError } from './expression-error.ts'

/** Begins every reference; plain text that holds it is refused, whatever follows. */
const OPENING = '${secret:'
const REFERENCE = /\$\{secret:([A-Za-z0-9_-]{0,64}):([^}]{0,200})\}/g
const TOKEN = /^[A-Za-z0-9_-]{32,64}$/
const SECRET_NAME = /^(account\.|org\.)?[a-zA-Z_][0-9a-zA-Z_$]{0,127}$/

/**
 * Makes the reference that stands for a secret's value until a delegate opens it.
 * @param token random text of this execution, 32 to 64 URL-safe characters; who doesn't know it can't write a reference
 * @param name `id`, `org.id` or `account.id`
 */
export function secretReference(token: string, name: string): string {
  if (!TOKEN.test(token)) {
    throw new ExpressionError('secret', 'The secret token of an execution must be 32 to 64 URL-safe characters.', {
      expression: name,
    })
  }
  if (!SECRET_NAME.test(name)) {
    throw new ExpressionError(
      'secret',
      `"${name}" is not the name of a secret. Write its identifier, with "org." or "account." before it if it lives there.`,
      { expression: name },
    )
  }
  return `${OPENING}${token}:${name}}`
}

/** True when plain text holds something that looks like a reference. */
export function looksLikeSecretReference(text: string): boolean {
  return text.includes(OPENING)
}

/**
 * Replaces every reference of this execution. Throws ExpressionError (`secret`) for one with another token or in a
 * broken form: it was not made by evaluating an expression.
 */
export function replaceSecretReferences(text: string, token: string, replace: (name: string) => string): string {
  const rest = text.replaceAll(REFERENCE, '')
  if (looksLikeSecretReference(rest)) throw forged(text)
  return text.replaceAll(REFERENCE, (reference: string, found: string, name: string) => {
    if (found !== token || !SECRET_NAME.test(name)) throw forged(reference)
    return replace(name)
  })
}

/** Names of the secrets that the text refers to, each once, in order. Throws like {@link replaceSecretReferences}. */
export function findSecretReferences(text: string, token: string): string[] {
  const names = new Set<string>()
  replaceSecretReferences(text, token, (name) => {
    names.add(name)
    return ''
  })
  return [...names]
}

/** The text as its author wrote it, for people to read: the token is gone. */
export function redactSecretReferences(text: string): string {
  return text.replaceAll(REFERENCE, (_reference, _token: string, name: string) => `<+secrets.getValue("${name}")>`)
}

function forged(text: string): ExpressionError {
  return new ExpressionError(
    'secret',
    'The text holds a secret reference that this execution did not make. Write <+secrets.getValue("identifier")> in the pipeline instead.',
    { expression: redactSecretReferences(text) },
  )
}

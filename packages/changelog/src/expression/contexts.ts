import { matchExpression } from './match-expression.ts'

/**
 * Whether a changeset's context expression lets it run: the changeset holds the expression, the run gives the set.
 * No contexts given: everything runs, except what names a required context (`@x`). A given context that begins with
 * `@` leaves out changesets without an expression.
 */
export function contextsMatch(expression: string, contexts: readonly string[]): boolean {
  const given = contexts.map((context) => context.trim()).filter((context) => context !== '')
  if (expression.trim() === '') return !given.some((context) => context.startsWith('@'))
  return matchExpression(
    expression,
    given.map((context) => context.replace(/^@/, '')),
    true,
  )
}

/** One context as the history table shows it: in parentheses unless it is a single name. */
export function contextText(expression: string): string {
  const text = expression.trim()
  return /[\s,()]/.test(text) ? `(${text})` : text
}

/** The contexts of the includes around a changeset and its own, as the history table stores them. */
export function joinContexts(expressions: readonly string[]): string {
  return expressions
    .filter((expression) => expression.trim() !== '')
    .map(contextText)
    .join(' AND ')
}

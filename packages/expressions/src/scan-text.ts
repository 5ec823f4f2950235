import { ExpressionError } from './expression-error.ts'
import { MAX_NESTING, MAX_TEXT_LENGTH } from './limits.ts'

/** A piece of text: literal, or the body of a `<+…>`. */
export type TextPart = { kind: 'text'; text: string } | { kind: 'expression'; body: string }

/** Cuts text into literal pieces and the bodies of its outermost `<+…>`. Throws ExpressionError for one that never ends. */
export function scanText(text: string, nesting = 0): TextPart[] {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new ExpressionError('too_large', `The text is longer than ${MAX_TEXT_LENGTH} characters.`, {
      expression: text,
    })
  }
  const parts: TextPart[] = []
  let from = 0
  for (;;) {
    const start = text.indexOf('<+', from)
    if (start < 0) break
    if (start > from) parts.push({ kind: 'text', text: text.slice(from, start) })
    const end = findExpressionEnd(text, start, nesting)
    parts.push({ kind: 'expression', body: text.slice(start + 2, end) })
    from = end + 1
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) })
  return parts
}

/**
 * Finds the `>` that closes the `<+` at `start`. Quotes, parentheses, brackets and nested expressions are skipped, so
 * a comparison with `>` is written in parentheses: `<+(a > b)>`.
 * @returns the index of the closing `>`.
 */
export function findExpressionEnd(text: string, start: number, nesting: number): number {
  if (nesting >= MAX_NESTING) {
    throw new ExpressionError('too_large', `Expressions may be nested ${MAX_NESTING} deep at most.`, {
      expression: text.slice(start),
    })
  }
  let depth = 0
  let index = start + 2
  while (index < text.length) {
    const character = text[index]
    if (character === '"' || character === "'") {
      index = findStringEnd(text, index, nesting) + 1
      continue
    }
    if (character === '<' && text[index + 1] === '+') {
      index = findExpressionEnd(text, index, nesting + 1) + 1
      continue
    }
    if (character === '(' || character === '[') depth += 1
    if (character === ')' || character === ']') depth -= 1
    if (character === '>' && depth <= 0) return index
    index += 1
  }
  throw new ExpressionError(
    'syntax',
    `The expression that begins with "${text.slice(start, start + 40)}" has no closing ">".`,
    {
      expression: text.slice(start),
    },
  )
}

/** Finds the quote that closes the one at `start`; a nested `<+…>` inside the string may hold quotes of its own. */
export function findStringEnd(text: string, start: number, nesting: number): number {
  const quote = text[start]
  let index = start + 1
  while (index < text.length) {
    const character = text[index]
    if (character === '\\') {
      index += 2
      continue
    }
    if (character === quote) return index
    if (character === '<' && text[index + 1] === '+') {
      index = findExpressionEnd(text, index, nesting + 1) + 1
      continue
    }
    index += 1
  }
  throw new ExpressionError(
    'syntax',
    `The string that begins with ${text.slice(start, start + 40)} has no closing quote.`,
    {
      expression: text.slice(start),
    },
  )
}

/** True when the text holds something to evaluate. */
export function hasExpression(text: string): boolean {
  return text.includes('<+')
}

import { excerpt, ExpressionError } from './expression-error.ts'
import { MAX_VALUE_LENGTH } from './limits.ts'
import { type ContextValue, Template } from './scope.ts'
import { SecretText } from './secret-text.ts'
import { looksLikeSecretReference } from './secret-reference.ts'

type Operand = ContextValue | SecretText
type Scalar = string | number | boolean | null

function scalar(value: Operand, source: string, use: string): Scalar {
  if (value instanceof SecretText) {
    throw new ExpressionError(
      'secret',
      `"${excerpt(source)}" ${use} a secret, whose value the control plane doesn't have.`,
      {
        expression: source,
      },
    )
  }
  if (typeof value === 'object' && value !== null) {
    const what = Array.isArray(value) ? 'a list' : value instanceof Template ? 'a variable' : 'an object'
    throw new ExpressionError('type', `"${excerpt(source)}" ${use} ${what}; it needs text, a number, true or false.`, {
      expression: source,
    })
  }
  return value
}

/** Text of a value that must be text, a number, true, false or null. */
export function toText(value: Operand, source: string): string {
  return String(scalar(value, source, 'uses the text of'))
}

/** True, false, or their names as text: variables are text. */
export function toBoolean(value: Operand, source: string): boolean {
  const read = scalar(value, source, 'decides by')
  if (read === true || read === 'true') return true
  if (read === false || read === 'false') return false
  throw new ExpressionError(
    'type',
    `"${excerpt(source)}" must be true or false, not ${excerpt(JSON.stringify(read))}.`,
    {
      expression: source,
    },
  )
}

/** Equality as pipelines expect it: 1 equals "1" because variables are text, null equals only null. */
export function isEqual(left: Operand, right: Operand, source: string): boolean {
  const a = scalar(left, source, 'compares')
  const b = scalar(right, source, 'compares')
  if (a === null || b === null) return a === b
  return String(a) === String(b)
}

/** Order of two numbers (also written as text) or of two texts. */
export function compare(operator: '<' | '>' | '<=' | '>=', left: Operand, right: Operand, source: string): boolean {
  const a = scalar(left, source, 'compares')
  const b = scalar(right, source, 'compares')
  const [x, y] = [toNumber(a), toNumber(b)]
  if (x !== undefined && y !== undefined) return holds(operator, x - y)
  if (typeof a === 'string' && typeof b === 'string') return holds(operator, a < b ? -1 : a > b ? 1 : 0)
  throw new ExpressionError(
    'type',
    `"${excerpt(source)}" compares ${JSON.stringify(a)} with ${JSON.stringify(b)}, which have no order.`,
    {
      expression: source,
    },
  )
}

function holds(operator: '<' | '>' | '<=' | '>=', difference: number): boolean {
  switch (operator) {
    case '<':
      return difference < 0
    case '>':
      return difference > 0
    case '<=':
      return difference <= 0
    case '>=':
      return difference >= 0
  }
}

/** Adds two numbers, or joins text. Joined to a secret, the result is a secret. */
export function add(left: Operand, right: Operand, source: string): number | string | SecretText {
  if (typeof left === 'number' && typeof right === 'number') return finite(left + right, source)
  const secret = left instanceof SecretText || right instanceof SecretText
  const [a, b] = [left, right].map((value) => {
    if (value instanceof SecretText) return value.text
    const text = toText(value, source)
    if (looksLikeSecretReference(text)) {
      throw new ExpressionError('secret', `"${excerpt(source)}" joins text that pretends to be a secret.`, {
        expression: '${secret:',
      })
    }
    return text
  })
  const text = `${a ?? ''}${b ?? ''}`
  if (text.length > MAX_VALUE_LENGTH * 4) {
    throw new ExpressionError(
      'too_large',
      `"${excerpt(source)}" makes a text longer than ${MAX_VALUE_LENGTH * 4} characters.`,
      {
        expression: source,
      },
    )
  }
  return secret ? new SecretText(text) : text
}

/** Arithmetic of numbers, also written as text. The result is finite. */
export function calculate(operator: '-' | '*' | '/' | '%', left: Operand, right: Operand, source: string): number {
  const a = toNumber(scalar(left, source, 'calculates with'))
  const b = toNumber(scalar(right, source, 'calculates with'))
  if (a === undefined || b === undefined) {
    throw new ExpressionError('type', `"${excerpt(source)}" calculates with something that is not a number.`, {
      expression: source,
    })
  }
  const result = operator === '-' ? a - b : operator === '*' ? a * b : operator === '/' ? a / b : a % b
  return finite(result, source)
}

function finite(result: number, source: string): number {
  if (Number.isFinite(result)) return result
  throw new ExpressionError('type', `"${excerpt(source)}" has no finite result.`, { expression: source })
}

function toNumber(value: Scalar): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^-?\d{1,15}(\.\d{1,15})?$/.test(value.trim())) return undefined
  return Number(value)
}

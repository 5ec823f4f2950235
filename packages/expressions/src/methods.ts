import { ExpressionError } from './expression-error.ts'
import { MAX_ELEMENTS, MAX_VALUE_LENGTH } from './limits.ts'
import type { JsonValue } from './json.ts'

type Method = (text: string, values: readonly string[]) => JsonValue
interface MethodSpec {
  /** How many arguments, all of them text. */
  arguments: number
  run: Method
}

/** Methods of text. Literal semantics throughout: no pattern of the user is ever compiled. */
const STRING_METHODS: ReadonlyMap<string, MethodSpec> = new Map<string, MethodSpec>([
  ['contains', { arguments: 1, run: (text, [part = '']) => text.includes(part) }],
  ['startsWith', { arguments: 1, run: (text, [part = '']) => text.startsWith(part) }],
  ['endsWith', { arguments: 1, run: (text, [part = '']) => text.endsWith(part) }],
  ['toUpperCase', { arguments: 0, run: (text) => text.toUpperCase() }],
  ['toLowerCase', { arguments: 0, run: (text) => text.toLowerCase() }],
  ['trim', { arguments: 0, run: (text) => text.trim() }],
  ['length', { arguments: 0, run: (text) => text.length }],
  ['replace', { arguments: 2, run: (text, [from = '', to = '']) => replaceAll(text, from, to) }],
  ['split', { arguments: 1, run: (text, [separator = '']) => text.split(separator, MAX_ELEMENTS) }],
])

export const METHOD_NAMES: readonly string[] = [...STRING_METHODS.keys()]

/** Calls a method of text. Throws ExpressionError for an unknown name or the wrong number of arguments. */
export function callStringMethod(
  text: string,
  method: string,
  values: readonly string[],
  expression: string,
): JsonValue {
  const spec = STRING_METHODS.get(method)
  if (spec === undefined) throw unknownMethod(method, expression)
  if (values.length !== spec.arguments) {
    throw new ExpressionError(
      'type',
      `"${method}" takes ${spec.arguments} argument(s), not ${values.length}, in "${expression}".`,
      {
        expression,
      },
    )
  }
  return spec.run(text, values)
}

export function unknownMethod(method: string, expression: string): ExpressionError {
  return new ExpressionError(
    'not_allowed',
    `Expressions have no method "${method}". They have: ${METHOD_NAMES.join(', ')}.`,
    { expression },
  )
}

function replaceAll(text: string, from: string, to: string): string {
  if (from === '') return text
  const pieces = text.split(from)
  const length = text.length + (pieces.length - 1) * (to.length - from.length)
  if (length > MAX_VALUE_LENGTH) {
    throw new ExpressionError('too_large', `"replace" would make a text longer than ${MAX_VALUE_LENGTH} characters.`, {
      expression: 'replace',
    })
  }
  return pieces.join(to)
}

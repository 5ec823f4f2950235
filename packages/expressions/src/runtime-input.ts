import { RE2JS } from 're2js'
import { excerpt, ExpressionError } from './expression-error.ts'
import { isJsonObject, type JsonValue } from './json.ts'
import { MAX_TREE_DEPTH } from './limits.ts'

/** What a `<+input>` asks for. */
export interface InputConstraints {
  readonly defaultValue?: string
  /** The value must be one of these. */
  readonly allowedValues?: readonly string[]
  /** Same, shown as a choice of one. */
  readonly selectOneFrom?: readonly string[]
  /** The whole value must match (RE2 syntax: linear time, no backreferences). */
  readonly regex?: string
}

/** A `<+input>` and where it stands: `pipeline.variables[0].value`. */
export interface RuntimeInput extends InputConstraints {
  readonly path: string
}

const INPUT = '<+input>'
/** Most inputs, and most values in one list of allowed ones. */
const MAX_ITEMS = 1_000

/** True for text that is a runtime input. */
export function isRuntimeInput(text: string): boolean {
  return text.trim().startsWith(INPUT)
}

/**
 * Reads `<+input>.default(v).allowedValues(a,b)…`; undefined for text that is none.
 * Throws ExpressionError (`input`, `not_allowed`) for a modifier that is unknown or can't be read.
 */
export function parseRuntimeInput(text: string): InputConstraints | undefined {
  const trimmed = text.trim()
  if (!trimmed.startsWith(INPUT)) {
    if (!trimmed.includes(INPUT)) return undefined
    throw new ExpressionError(
      'input',
      `"${excerpt(trimmed)}": <+input> must be the whole value. Use a variable for a part of a text.`,
      {
        expression: trimmed,
      },
    )
  }
  let constraints: InputConstraints = {}
  let rest = trimmed.slice(INPUT.length)
  while (rest !== '') {
    const call = /^\.([A-Za-z]{1,40})\(/.exec(rest)
    const name = call?.[1]
    if (call === null || name === undefined) {
      throw new ExpressionError('input', `"${excerpt(trimmed)}": "${excerpt(rest)}" after <+input> can't be read.`, {
        expression: trimmed,
      })
    }
    const open = call[0].length
    const end = findArgumentEnd(rest, open, name === 'regex')
    if (end === undefined) {
      throw new ExpressionError('input', `"${excerpt(trimmed)}": ".${name}(" has no closing ")".`, {
        expression: trimmed,
      })
    }
    constraints = { ...constraints, ...readModifier(name, rest.slice(open, end), trimmed) }
    rest = rest.slice(end + 1)
  }
  return constraints
}

function readModifier(name: string, argument: string, expression: string): InputConstraints {
  switch (name) {
    case 'default':
      return { defaultValue: unquote(argument) }
    case 'allowedValues':
      return { allowedValues: splitList(argument, expression) }
    case 'selectOneFrom':
      return { selectOneFrom: splitList(argument, expression) }
    case 'regex':
      compile(unquote(argument), expression)
      return { regex: unquote(argument) }
    default:
      throw new ExpressionError(
        'not_allowed',
        `"${excerpt(expression)}": <+input> has no ".${name}()". It has: default, allowedValues, selectOneFrom, regex.`,
        { expression },
      )
  }
}

/** A pattern has parentheses and brackets of its own; other arguments may be quoted. */
function findArgumentEnd(text: string, start: number, pattern: boolean): number | undefined {
  let depth = 0
  let closing: string | undefined
  for (let index = start; index < text.length; index += 1) {
    const character = text[index]
    if (character === '\\') {
      index += 1
    } else if (closing !== undefined) {
      if (character === closing) closing = undefined
    } else if (pattern && character === '[') {
      closing = ']'
    } else if (!pattern && (character === '"' || character === "'")) {
      closing = character
    } else if (character === '(') {
      depth += 1
    } else if (character === ')') {
      if (depth === 0) return index
      depth -= 1
    }
  }
  return undefined
}

function splitList(argument: string, expression: string): string[] {
  const items: string[] = []
  let item = ''
  let quote: string | undefined
  for (const character of argument) {
    if (quote === undefined && character === ',') {
      items.push(unquote(item))
      item = ''
      continue
    }
    if (character === quote) quote = undefined
    else if (quote === undefined && item.trim() === '' && (character === '"' || character === "'")) quote = character
    item += character
  }
  items.push(unquote(item))
  if (items.length > MAX_ITEMS) {
    throw new ExpressionError('too_large', `"${excerpt(expression)}" lists more than ${MAX_ITEMS} values.`, {
      expression,
    })
  }
  return items
}

function unquote(text: string): string {
  const trimmed = text.trim()
  const [first] = trimmed
  if ((first === '"' || first === "'") && trimmed.length >= 2 && trimmed.endsWith(first)) return trimmed.slice(1, -1)
  return trimmed
}

function compile(pattern: string, expression: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason'
    throw new ExpressionError('input', `"${excerpt(expression)}": the pattern can't be used: ${excerpt(reason)}.`, {
      expression,
    })
  }
}

/** Says what is wrong with a value for this input, or undefined. */
export function checkInputValue(input: InputConstraints, value: string): string | undefined {
  const choices = input.allowedValues ?? input.selectOneFrom
  if (choices !== undefined && !choices.includes(value)) {
    return `"${excerpt(value)}" is not one of the allowed values: ${excerpt(choices.join(', '))}.`
  }
  if (input.regex !== undefined && !compile(input.regex, input.regex).matches(value)) {
    return `"${excerpt(value)}" does not match the pattern ${input.regex}.`
  }
  return undefined
}

/** Every runtime input of a tree, in order. Throws ExpressionError with `path` for one that can't be read. */
export function collectRuntimeInputs(tree: JsonValue, path = ''): RuntimeInput[] {
  const inputs: RuntimeInput[] = []
  collect(tree, path, inputs, 0)
  return inputs
}

function collect(tree: JsonValue, path: string, inputs: RuntimeInput[], depth: number): void {
  if (depth > MAX_TREE_DEPTH) {
    throw new ExpressionError('too_large', 'The values are nested too deeply.', { expression: '', path })
  }
  if (typeof tree === 'string') {
    const input = readAt(tree, path)
    if (input !== undefined) inputs.push({ path, ...input })
  } else if (Array.isArray(tree)) {
    tree.forEach((item: JsonValue, index) => collect(item, `${path}[${index}]`, inputs, depth + 1))
  } else if (isJsonObject(tree)) {
    for (const [key, item] of Object.entries(tree))
      collect(item, path === '' ? key : `${path}.${key}`, inputs, depth + 1)
  }
}

/** {@link parseRuntimeInput} with the place in its error. */
export function readAt(text: string, path: string): InputConstraints | undefined {
  try {
    return parseRuntimeInput(text)
  } catch (error) {
    if (error instanceof ExpressionError && path !== '') throw error.at(path)
    throw error
  }
}

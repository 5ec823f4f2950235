import type { z } from 'zod'
import { describeType, describeUnbuiltField } from './not-built.ts'
import { formatPath, type Path, type Positions } from './positions.ts'

/** Most problems that are reported at once. Each is looked up in the document, so it also bounds that work. */
export const MAX_PROBLEMS = 100

/** One thing wrong with a pipeline: where, and a sentence. Lines and columns count from 1. */
export interface PipelineProblem {
  readonly message: string
  /** `pipeline.stages[0].stage.name`; empty for the document itself. */
  readonly path: string
  readonly line: number
  readonly column: number
}

/** Makes a problem at the value of a path, or at its key. */
export function problemAt(positions: Positions, path: Path, message: string, key = false): PipelineProblem {
  const position = (key ? positions.ofKey(path) : positions.of(path)) ?? { line: 1, column: 1 }
  return { message, path: formatPath(path), ...position }
}

/** Turns an issue of the schema into sentences at their places. */
export function describeIssue(issue: z.core.$ZodIssue, positions: Positions): PipelineProblem[] {
  const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MAX_PROBLEMS).map((key) => {
      const place = [...path, key]
      const message =
        describeUnbuiltField(key) ??
        `"${key}" is not a field of ${path.length === 0 ? 'the document' : `"${fieldName(path)}"`}. Remove it or correct its name.`
      return problemAt(positions, place, message, true)
    })
  }
  if (issue.code === 'invalid_union') return describeUnion(issue, path, positions)
  return [problemAt(positions, path, describe(issue, path))]
}

function describeUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, positions: Positions): PipelineProblem[] {
  const { discriminator } = issue
  if (discriminator !== undefined) {
    // zod puts the discriminator into the path; its parent's field says what kind of thing this is.
    const owner = path.at(-2)
    const type = typeOf(issue.input, discriminator)
    if (type === undefined) return [problemAt(positions, path.slice(0, -1), `"${fieldName(path)}" is missing.`)]
    const built = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
    const message =
      describeType(owner, type, built) ?? `"${fieldName(path)}" can't be "${type}". Use one of: ${built.join(', ')}.`
    return [problemAt(positions, path, message)]
  }
  const [fixed] = issue.errors
  const [first] = fixed ?? []
  if (fixed !== undefined && first !== undefined && (fixed.length > 1 || first.path.length > 0)) {
    return fixed.flatMap((inner) => describeIssue({ ...inner, path: [...path, ...inner.path] }, positions))
  }
  const message =
    first === undefined ? `"${fieldName(path)}" has the wrong form.` : describe(first, path).replace(/\.$/, '')
  return [problemAt(positions, path, `${message}, or an expression <+…>.`)]
}

/** The last named segment with what follows: the whole path stands beside the sentence anyway. */
function fieldName(path: Path): string {
  const last = path.findLastIndex((segment) => typeof segment === 'string')
  return formatPath(path.slice(Math.max(0, last))) || 'the document'
}

function typeOf(input: unknown, discriminator: string): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined
  const value: unknown = Object.entries(input).find(([key]) => key === discriminator)?.[1]
  return typeof value === 'string' ? value : value === undefined || value === null ? undefined : JSON.stringify(value)
}

function describe(issue: z.core.$ZodIssue, path: Path): string {
  const name = fieldName(path)
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return `"${name}" is missing.`
      if (issue.expected === 'never') {
        const list = path.at(-2)
        return (typeof list === 'string' ? describeUnbuiltField(list) : undefined) ?? `"${name}" must be empty.`
      }
      return `"${name}" must be ${KINDS[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}.`
    case 'invalid_value': {
      const field = path.at(-1)
      const values = issue.values.map(String)
      if (issue.input === undefined) return `"${name}" is missing. Use one of: ${values.join(', ')}.`
      const given = typeof issue.input === 'string' ? issue.input : JSON.stringify(issue.input)
      if (field === 'type') {
        const message = describeType(path.at(-2), given, values)
        if (message !== undefined) return message
      }
      const unbuilt = typeof field === 'string' ? describeUnbuiltField(field) : undefined
      return (
        unbuilt ??
        `"${name}" can't be "${given.slice(0, 200)}". Use ${values.length === 1 ? '' : 'one of: '}${values.join(', ')}.`
      )
    }
    case 'too_small':
      return issue.origin === 'array'
        ? `"${name}" must have at least ${issue.minimum} item(s).`
        : `"${name}" must ${issue.origin === 'string' ? 'not be empty' : `be at least ${issue.minimum}`}.`
    case 'too_big':
      return `"${name}" must ${issue.origin === 'number' ? `be at most ${issue.maximum}` : `have at most ${issue.maximum} ${issue.origin === 'array' ? 'items' : 'characters'}`}.`
    case 'invalid_key':
      return `"${name}" has a key that can't be used: keys are text of 1 to 128 characters.`
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return `"${name}" ${issue.message}.`
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return `the text "${value.slice(0, 80)}"`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return 'an object'
}

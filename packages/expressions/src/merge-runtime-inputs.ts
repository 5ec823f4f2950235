import { excerpt, ExpressionError } from './expression-error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { checkInputValue, isRuntimeInput, readAt } from './runtime-input.ts'
import { hasExpression } from './scan-text.ts'

/** One thing wrong with the given inputs, and where: `pipeline.variables[0].value`; the sentence does not repeat it. */
export interface InputProblem {
  readonly path: string
  readonly message: string
}

export interface MergedInputs {
  /** The tree without runtime inputs, as far as values were given. */
  readonly value: JsonValue
  readonly problems: readonly InputProblem[]
}

/**
 * Puts given values in the place of `<+input>`. `values` has the shape of the tree, thinned out; items of lists are
 * matched by `identifier` or `name`, also of the only object inside them (`{ stage: { identifier } }`), else by position.
 * A missing value falls back to the default; a value for something that is fixed is a problem, not ignored.
 */
export function mergeRuntimeInputs(tree: JsonValue, values: JsonValue | undefined, path = ''): MergedInputs {
  const problems: InputProblem[] = []
  const value = merge(tree, values, path, problems)
  return { value, problems }
}

function merge(tree: JsonValue, given: JsonValue | undefined, path: string, problems: InputProblem[]): JsonValue {
  if (typeof tree === 'string') return mergeText(tree, given, path, problems)
  if (Array.isArray(tree)) return mergeList(tree, given, path, problems)
  if (!isJsonObject(tree)) {
    if (given !== undefined && given !== tree) problems.push(fixed(path))
    return tree
  }
  if (given !== undefined && !isJsonObject(given)) {
    problems.push({
      path,
      message: `The inputs give ${excerpt(JSON.stringify(given))} for what is an object.`,
    })
    return tree
  }
  for (const key of Object.keys(given ?? {})) {
    if (!Object.hasOwn(tree, key)) {
      problems.push({
        path: join(path, key),
        message: `The inputs give "${key}", which the pipeline doesn't have here.`,
      })
    }
  }
  return Object.fromEntries(
    Object.entries(tree).map(([key, item]) => [
      key,
      merge(item, given !== undefined && Object.hasOwn(given, key) ? given[key] : undefined, join(path, key), problems),
    ]),
  )
}

function mergeText(text: string, given: JsonValue | undefined, path: string, problems: InputProblem[]): JsonValue {
  let input
  try {
    input = readAt(text, path)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    problems.push({ path, message: error.message })
    return text
  }
  if (input === undefined) {
    if (given !== undefined && given !== text) problems.push(fixed(path))
    return text
  }
  const missing =
    given === undefined || given === null || given === '' || (typeof given === 'string' && isRuntimeInput(given))
  const value = missing ? input.defaultValue : given
  if (value === undefined) {
    problems.push({ path, message: 'This runtime input needs a value.' })
    return text
  }
  const constrained =
    input.allowedValues !== undefined || input.selectOneFrom !== undefined || input.regex !== undefined
  if (!constrained) return value
  if (typeof value === 'object' || (typeof value === 'string' && hasExpression(value))) {
    problems.push({
      path,
      message: 'The value must be fixed text, because the runtime input limits what it may be.',
    })
    return text
  }
  const problem = checkInputValue(input, String(value))
  if (problem === undefined) return value
  problems.push({ path, message: problem })
  return text
}

function mergeList(
  tree: readonly JsonValue[],
  given: JsonValue | undefined,
  path: string,
  problems: InputProblem[],
): JsonValue {
  if (given !== undefined && !Array.isArray(given)) {
    problems.push({
      path,
      message: `The inputs give ${excerpt(JSON.stringify(given))} for what is a list.`,
    })
    return tree
  }
  const items: readonly JsonValue[] = given ?? []
  const named = new Map<string, JsonValue>()
  for (const item of items) {
    const name = nameOf(item)
    if (name !== undefined) named.set(name, item)
  }
  const names = new Set(tree.map(nameOf))
  items.forEach((item, index) => {
    const name = nameOf(item)
    if (name === undefined ? index < tree.length : names.has(name)) return
    const what = name === undefined ? `item ${index + 1}` : `"${name.slice(name.indexOf(':') + 1)}"`
    problems.push({ path, message: `The inputs give ${what}, which the pipeline doesn't have here.` })
  })
  return tree.map((item, index) => {
    const name = nameOf(item)
    const byPosition = items[index]
    const value = name === undefined ? byPosition : named.get(name)
    return merge(item, value, `${path}[${index}]`, problems)
  })
}

/** What tells an item of a list from its siblings, with the kind of wrapper it is in. */
function nameOf(item: JsonValue): string | undefined {
  if (!isJsonObject(item)) return undefined
  const own = item['identifier'] ?? item['name']
  if (typeof own === 'string') return `:${own}`
  const [entry, more] = Object.entries(item)
  if (entry === undefined || more !== undefined || !isJsonObject(entry[1])) return undefined
  const inner: JsonObject = entry[1]
  const name = inner['identifier'] ?? inner['name']
  return typeof name === 'string' ? `${entry[0]}:${name}` : undefined
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function fixed(path: string): InputProblem {
  return {
    path,
    message: 'The inputs give a value for what is fixed in the pipeline. Make it <+input> there, or leave it out.',
  }
}

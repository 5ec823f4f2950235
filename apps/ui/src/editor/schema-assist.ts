import type { PlaceStep, YamlPlace } from './yaml-place.ts'

/** The part of JSON Schema that our schemas are written in. */
export interface JsonSchema {
  type?: string
  description?: string
  default?: unknown
  examples?: readonly unknown[]
  const?: unknown
  enum?: readonly unknown[]
  pattern?: string
  properties?: Readonly<Record<string, JsonSchema>>
  required?: readonly string[]
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
  anyOf?: readonly JsonSchema[]
  oneOf?: readonly JsonSchema[]
  allOf?: readonly JsonSchema[]
  not?: JsonSchema
  $ref?: string
  $defs?: Readonly<Record<string, JsonSchema>>
}

export interface Suggestion {
  label: string
  kind: 'key' | 'value'
  /** Beside the label: required, a type, a default. */
  detail?: string
  info?: string
  /** What is written in place of the word. */
  insert: string
}

/** References lead into references; a circle is cut here. */
const MAX_DEPTH = 12

/** The schemas that a schema stands for: references followed, choices opened. */
function variants(root: JsonSchema, schema: JsonSchema, depth = 0): JsonSchema[] {
  if (depth > MAX_DEPTH) return []
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace('#/$defs/', '')]
    if (target === undefined) return []
    const description = schema.description
    return variants(root, target, depth + 1).map((variant) =>
      description === undefined ? variant : { ...variant, description },
    )
  }
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  if (choices.length === 0) return [schema]
  return choices
    .flatMap((choice) => variants(root, choice, depth + 1))
    .map((variant) => ({
      ...variant,
      description: schema.description ?? variant.description,
      default: schema.default ?? variant.default,
      examples: schema.examples ?? variant.examples,
    }))
}

/** Of several variants those whose constants are what is written; all, where that leaves none. */
function fitting(root: JsonSchema, candidates: readonly JsonSchema[], siblings: PlaceStep['siblings']): JsonSchema[] {
  const fits = candidates.filter((candidate) =>
    Object.entries(candidate.properties ?? {}).every(([key, property]) => {
      const written = siblings[key]
      const constants = variants(root, property).flatMap(({ const: constant }) =>
        constant === undefined ? [] : [constant],
      )
      return (
        written === undefined ||
        written === '' ||
        constants.length === 0 ||
        constants.some((constant) => textOf(constant) === written)
      )
    }),
  )
  return fits.length > 0 ? fits : [...candidates]
}

/** A scalar as it stands in YAML. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Schemas of the mapping or list at the end of the way. */
function schemasAt(root: JsonSchema, steps: readonly PlaceStep[]): JsonSchema[] {
  let found: JsonSchema[] = [root]
  for (const [index, { key, siblings }] of steps.entries()) {
    if (index > 0) {
      found = found
        .flatMap((schema) => (key === undefined ? childOfList(schema) : childOf(schema, key)))
        .flatMap((schema) => variants(root, schema))
    }
    found = fitting(root, found, siblings)
  }
  return found
}

function childOf(schema: JsonSchema, key: string): JsonSchema[] {
  const property = schema.properties?.[key]
  if (property !== undefined) return [property]
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
}

function childOfList(schema: JsonSchema): JsonSchema[] {
  return schema.items === undefined ? [] : [schema.items]
}

/** What can be written at a place: keys that are not there yet, or values of the key. */
export function suggest(root: JsonSchema, place: YamlPlace): Suggestion[] {
  const mappings = schemasAt(root, place.steps)
  if (place.key !== undefined) {
    const { key } = place
    return unique(
      mappings
        .flatMap((schema) => childOf(schema, key))
        .flatMap((schema) => variants(root, schema))
        .flatMap(valuesOf),
    )
  }
  const present = place.steps.at(-1)?.siblings ?? {}
  return unique(
    mappings.flatMap((schema) =>
      Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
        if (key in present && key !== place.word) return []
        const kinds = variants(root, property)
        return [keySuggestion(key, kinds, schema.required?.includes(key) === true, place.indent, property)]
      }),
    ),
  )
}

function keySuggestion(
  key: string,
  kinds: readonly JsonSchema[],
  isRequired: boolean,
  indent: number,
  property: JsonSchema,
): Suggestion {
  const [kind] = kinds
  const below = `\n${' '.repeat(indent + 2)}`
  const tail = kind?.type === 'object' ? `:${below}` : kind?.type === 'array' ? `:${below}- ` : ': '
  const fallback = property.default ?? kind?.default
  return {
    label: key,
    kind: 'key',
    detail: isRequired ? 'required' : fallback === undefined ? kind?.type : `default ${JSON.stringify(fallback)}`,
    info: property.description ?? kind?.description,
    insert: `${key}${tail}`,
  }
}

function valuesOf(schema: JsonSchema): Suggestion[] {
  const fixed = schema.const === undefined ? (schema.enum ?? []) : [schema.const]
  const values = schema.type === 'boolean' && fixed.length === 0 ? [true, false] : fixed
  const examples = (schema.examples ?? []).filter((example) => typeof example !== 'object')
  return [
    ...values.map((value): Suggestion => ({
      label: textOf(value),
      kind: 'value',
      info: schema.description,
      insert: textOf(value),
    })),
    ...examples.map((value): Suggestion => ({
      label: textOf(value),
      kind: 'value',
      detail: 'example',
      insert: textOf(value),
    })),
  ]
}

function unique(suggestions: readonly Suggestion[]): Suggestion[] {
  return [
    ...new Map(suggestions.toReversed().map((suggestion) => [suggestion.label, suggestion])).values(),
  ].toReversed()
}

export interface Explanation {
  title: string
  text: string | undefined
  /** What may be written: values, a form, a default. */
  facts: string[]
}

/** What the key at a place means; undefined where the schema does not know it. */
export function explain(root: JsonSchema, steps: readonly PlaceStep[], key: string): Explanation | undefined {
  const own = schemasAt(root, steps).flatMap((schema) => childOf(schema, key))
  const kinds = own.flatMap((schema) => variants(root, schema))
  const [first] = kinds
  if (first === undefined) return undefined
  const values = unique(kinds.flatMap(valuesOf)).filter(({ detail }) => detail === undefined)
  const types = [...new Set(kinds.flatMap(({ type }) => (type === undefined ? [] : [type])))]
  const fallback = own[0]?.default ?? first.default
  return {
    title: key,
    text: own[0]?.description ?? first.description,
    facts: [
      values.length > 0 ? `One of: ${values.map(({ label }) => label).join(', ')}` : types.join(' or '),
      ...(fallback === undefined ? [] : [`Default: ${JSON.stringify(fallback)}`]),
      ...(first.examples === undefined
        ? []
        : [`For example: ${first.examples.map((example) => JSON.stringify(example)).join(', ')}`]),
    ].filter((fact) => fact !== ''),
  }
}

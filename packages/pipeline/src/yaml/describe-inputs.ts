import type { PipelineInput } from '@sluice/contracts/pipeline-inputs'
import { isJsonObject, type JsonObject, type JsonValue, type RuntimeInput } from '@sluice/expressions'
import { parsePath } from './positions.ts'

/** Types of fields that are no variables; what is not here is text. */
const FIELD_TYPES: ReadonlyMap<string, PipelineInput['type']> = new Map<string, PipelineInput['type']>([
  ['timeout', 'Duration'],
  ['initTimeout', 'Duration'],
  ['delegateSelectors', 'List'],
  ['privileged', 'Boolean'],
  ['automountServiceAccountToken', 'Boolean'],
  ['runAsUser', 'Number'],
  ['dbSchema', 'DbSchema'],
  ['dbInstance', 'DbInstance'],
  ['connectorRef', 'Connector'],
])
const VARIABLE_TYPES = ['String', 'Number', 'Secret'] as const
const OWNERS = ['pipeline', 'stage', 'stepGroup', 'step'] as const

/** A run-time input with what a form needs. @param document `{ pipeline }`, in which the input's path leads to it */
export function describeInput(document: JsonValue, input: RuntimeInput): PipelineInput {
  const path = parsePath(input.path)
  let value: JsonValue | undefined = document
  let holder: JsonObject = {}
  let owner: PipelineInput['owner'] = { kind: 'pipeline', identifier: '', name: '' }
  for (const segment of path) {
    if (isJsonObject(value)) holder = value
    value = child(value, segment)
    const kind = OWNERS.find((candidate) => candidate === segment)
    if (kind !== undefined && isJsonObject(value) && typeof value['identifier'] === 'string') {
      const { identifier, name } = value
      owner = { kind, identifier, name: typeof name === 'string' ? name : identifier }
    }
  }
  const field = path.findLast((segment) => typeof segment === 'string') ?? ''
  const type = VARIABLE_TYPES.find((candidate) => candidate === holder['type'])
  const isVariable = field === 'value' && type !== undefined
  const { name, description } = holder
  const allowedValues = input.allowedValues ?? input.selectOneFrom
  return {
    path: input.path,
    name: isVariable && typeof name === 'string' ? name : field,
    type: isVariable ? type : (FIELD_TYPES.get(field) ?? 'String'),
    required: input.defaultValue === undefined,
    ...(input.defaultValue === undefined ? {} : { default: input.defaultValue }),
    ...(allowedValues === undefined ? {} : { allowedValues: [...allowedValues] }),
    ...(input.regex === undefined ? {} : { regex: input.regex }),
    ...(isVariable && typeof description === 'string' ? { description } : {}),
    owner,
  }
}

/** The value at a path; undefined where nothing is there. */
export function valueAt(document: JsonValue, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = document
  for (const segment of parsePath(path)) value = child(value, segment)
  return value
}

function child(value: JsonValue | undefined, segment: string | number): JsonValue | undefined {
  if (typeof segment === 'number') return Array.isArray(value) ? value[segment] : undefined
  return isJsonObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined
}

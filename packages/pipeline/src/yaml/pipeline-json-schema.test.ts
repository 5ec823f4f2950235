import { isJsonObject, type JsonObject, type JsonValue } from '@sluice/expressions'
import { describe, expect, it } from 'vitest'
import { DEFAULT_TIMEOUTS } from '../plan/compile-plan.ts'
import { parseDuration } from './duration.ts'
import { pipelineJsonSchema } from './pipeline-json-schema.ts'

const schema: JsonObject = JSON.parse(JSON.stringify(pipelineJsonSchema()))

/** Every object schema of the document with its place. */
function* objects(value: JsonValue, path = '#'): Generator<[string, JsonObject]> {
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* objects(item, `${path}/${index}`)
  if (!isJsonObject(value)) return
  if (value['type'] === 'object') yield [path, value]
  for (const [key, item] of Object.entries(value)) yield* objects(item, `${path}/${key}`)
}

const at = (...path: string[]): JsonObject => {
  let value: JsonValue = schema
  for (const key of path) value = isJsonObject(value) ? (value[key] ?? null) : null
  if (!isJsonObject(value)) throw new Error(`nothing is at ${path.join('/')}`)
  return value
}

/** What hover shows: the field's own text, else that of what it refers to. */
function describedBy(field: JsonValue): JsonValue | undefined {
  if (!isJsonObject(field)) return undefined
  const { description, $ref } = field
  return description ?? (typeof $ref === 'string' ? at(...$ref.split('/').slice(1))['description'] : undefined)
}

describe('pipelineJsonSchema', () => {
  it('says of every field what it is, for hover', () => {
    const silent = [...objects(schema)].flatMap(([path, { properties }]) =>
      Object.entries(isJsonObject(properties ?? null) ? (properties ?? {}) : {})
        .filter(([, field]) => describedBy(field) === undefined)
        .map(([name]) => `${path}/${name}`),
    )
    expect(silent).toEqual([])
  })

  it('refuses unknown fields of everything that has fields', () => {
    for (const [path, { properties, additionalProperties }] of objects(schema))
      if (properties !== undefined) expect(additionalProperties, path).toBe(false)
  })

  it('tells steps, variables and infrastructures apart by their type, each with its own spec', () => {
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
    for (const [name, types] of [
      ['Step', ['DBSchemaApply', 'DBSchemaUpdateSQL']],
      ['StepGroupInfra', ['KubernetesDirect', 'Docker', 'Process']],
    ] as const) {
      const branches = JSON.stringify(at('$defs', name)['oneOf'])
      for (const type of types) expect(branches + JSON.stringify(at('$defs'))).toContain(`"const":"${type}"`)
    }
    for (const type of ['DBSchemaApply', 'DBSchemaUpdateSQL']) {
      expect(at('$defs', type, 'properties', 'type')).toMatchObject({ const: type, description: expect.any(String) })
      expect(at('$defs', type, 'properties', 'spec')['required']).toEqual(['dbSchema', 'dbInstance'])
    }
  })

  it('names the default timeouts that hold', () => {
    for (const type of ['DBSchemaApply', 'DBSchemaUpdateSQL'] as const) {
      const { default: fallback } = at('$defs', type, 'properties', 'timeout')
      expect(fallback).toBe(DEFAULT_TIMEOUTS[type])
      expect(typeof fallback === 'string' && parseDuration(fallback)).toBeGreaterThan(0)
    }
  })
})

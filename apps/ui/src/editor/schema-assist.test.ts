import { describe, expect, test } from 'vitest'
import { explain, type JsonSchema, suggest } from './schema-assist.ts'
import { placeOf } from './yaml-place.ts'

const SCHEMA: JsonSchema = {
  type: 'object',
  properties: { pipeline: { $ref: '#/$defs/Pipeline' } },
  $defs: {
    Pipeline: {
      type: 'object',
      required: ['identifier'],
      properties: {
        identifier: { type: 'string' },
        retries: { type: 'integer', default: 3 },
        steps: { type: 'array', items: { type: 'object', properties: { step: { $ref: '#/$defs/Step' } } } },
      },
    },
    Step: { oneOf: [{ $ref: '#/$defs/Apply' }, { $ref: '#/$defs/Wait' }] },
    Apply: {
      type: 'object',
      properties: {
        type: { const: 'Apply', description: 'Applies.' },
        spec: { type: 'object', properties: { dryRun: { type: 'boolean', description: 'Only tries.' } } },
      },
    },
    Wait: {
      type: 'object',
      properties: {
        type: { const: 'Wait' },
        spec: { type: 'object', properties: { time: { type: 'string', examples: ['10m'] } } },
      },
    },
  },
}

/** `|` marks the place. */
function labels(marked: string): string[] {
  const lines = marked.split('\n')
  const line = lines.findIndex((text) => text.includes('|'))
  const place = placeOf(marked.replace('|', ''), line + 1, lines[line]?.indexOf('|') ?? 0)
  return suggest(SCHEMA, place).map(({ label }) => label)
}

describe('what can be written', () => {
  test('keys that are not there yet, the required ones said so', () => {
    expect(labels('|')).toEqual(['pipeline'])
    expect(labels('pipeline:\n  identifier: a\n  |')).toEqual(['retries', 'steps'])
    const [first] = suggest(SCHEMA, placeOf('pipeline:\n  ', 2, 2))
    expect(first).toMatchObject({ label: 'identifier', detail: 'required', insert: 'identifier: ' })
  })

  test('the type of a step decides what its spec takes', () => {
    const step = (type: string) => `pipeline:\n  steps:\n    - step:\n        type: ${type}\n        spec:\n          |`
    expect(labels(step('Wait'))).toEqual(['time'])
    expect(labels(step('Apply'))).toEqual(['dryRun'])
    expect(labels(step(''))).toEqual(['dryRun', 'time'])
  })

  test('values: constants of all variants, booleans, examples', () => {
    expect(labels('pipeline:\n  steps:\n    - step:\n        type: |')).toEqual(['Apply', 'Wait'])
    expect(labels('pipeline:\n  steps:\n    - step:\n        type: Apply\n        spec:\n          dryRun: |')).toEqual(
      ['true', 'false'],
    )
    expect(labels('pipeline:\n  steps:\n    - step:\n        type: Wait\n        spec:\n          time: |')).toEqual([
      '10m',
    ])
  })

  test('a key is explained with its values and default; an unknown one is not', () => {
    const { steps } = placeOf('pipeline:\n  retries: 1', 2, 4)
    expect(explain(SCHEMA, steps, 'retries')).toEqual({
      title: 'retries',
      text: undefined,
      facts: ['integer', 'Default: 3'],
    })
    expect(explain(SCHEMA, steps, 'nothing')).toBeUndefined()
  })
})

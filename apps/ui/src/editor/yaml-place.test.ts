import { describe, expect, test } from 'vitest'
import { placeOf } from './yaml-place.ts'

const YAML = `pipeline:
  name: Ship   # the name
  stages:
    - stage:
        identifier: a
        type: Custom
        spec:
          execution:
            steps:
            - step:
                type: DBSchemaApply
                spec:
                  dbSchema: shop

                  
            - stepGroup:
                identifier: g
`
const at = (line: number, column: number) => {
  const { steps, key, word } = placeOf(YAML, line, column)
  return [steps.map((step) => step.key ?? '[]').join(' '), key, word]
}

describe('place in YAML', () => {
  test('keys of the root and of nested mappings', () => {
    expect(at(1, 3)).toEqual(['[]', undefined, 'pip'])
    expect(at(2, 4)).toEqual(['[] pipeline', undefined, 'na'])
    expect(at(6, 8)).toEqual(['[] pipeline stages [] stage', undefined, ''])
  })

  test('a value belongs to its key', () => {
    expect(at(6, 20)).toEqual(['[] pipeline stages [] stage', 'type', 'Custom'])
  })

  test('an empty line belongs to the mapping at its column', () => {
    expect(at(15, 18)).toEqual(['[] pipeline stages [] stage spec execution steps [] step spec', undefined, ''])
  })

  test('lists may stand at the column of their key', () => {
    expect(at(16, 16)).toEqual(['[] pipeline stages [] stage spec execution steps []', undefined, 'st'])
    expect(at(17, 17)).toEqual(['[] pipeline stages [] stage spec execution steps [] stepGroup', undefined, 'i'])
  })

  test('the scalars beside a step tell what it is', () => {
    const { steps } = placeOf(YAML, 13, 20)
    expect(steps.at(-2)).toEqual({ key: 'step', siblings: { type: 'DBSchemaApply', spec: '' } })
    expect(steps.at(-1)).toEqual({ key: 'spec', siblings: { dbSchema: 'shop' } })
  })
})

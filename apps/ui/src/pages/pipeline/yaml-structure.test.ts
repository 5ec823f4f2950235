import { describe, expect, test } from 'vitest'
import { structureOf } from './yaml-structure.ts'

const YAML = `pipeline:
  identifier: ship
  stages:
    - stage:
        identifier: staging
        name: Staging
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: database
                  steps:
                    - step:
                        identifier: preview
                        type: DBSchemaUpdateSQL
                    - step:
                        identifier: apply
                        name: Apply
                        type: DBSchemaApply
    - stage:
        identifier: production
`

describe('structure of a pipeline that is being written', () => {
  test('stages hold groups, groups hold steps, each with the line it begins at', () => {
    const { stages, lineOf, nodeAt } = structureOf(YAML, [])
    expect(stages).toMatchObject([
      {
        kind: 'stage',
        name: 'Staging',
        children: [
          {
            kind: 'group',
            name: 'database',
            children: [
              { kind: 'step', name: 'preview', type: 'DBSchemaUpdateSQL' },
              { kind: 'step', name: 'Apply', type: 'DBSchemaApply' },
            ],
          },
        ],
      },
      { kind: 'stage', name: 'production', children: [] },
    ])
    expect(lineOf['0.0.1']).toBe(16)
    expect(nodeAt(18)).toBe('0.0.1')
    expect(nodeAt(10)).toBe('0.0')
    expect(nodeAt(1)).toBeUndefined()
  })

  test('a problem marks the step that it is in', () => {
    const { stages } = structureOf(YAML, [{ message: 'no such type', line: 15 }])
    expect(stages[0]?.children[0]?.children.map(({ problem }) => problem)).toEqual(['no such type', undefined])
  })

  test.each(['', 'pipeline', 'pipeline:\n  stages:\n    - stage:\n  - :', '\t{', 'pipeline: { stages: [1, null] }'])(
    'half-written text %j is drawn as far as it goes',
    (text) => {
      expect(() => structureOf(text, [])).not.toThrow()
      expect(Array.isArray(structureOf(text, []).stages)).toBe(true)
    },
  )
})

import { describe, expect, it } from 'vitest'
import { mergeRuntimeInputs } from './merge-runtime-inputs.ts'
import { collectRuntimeInputs, parseRuntimeInput } from './runtime-input.ts'

const tree = {
  identifier: 'p',
  variables: [
    { name: 'ticket', value: '<+input>.regex([A-Z]+-\\d+)' },
    { name: 'target', value: '<+input>.default(stg).selectOneFrom(stg,prod)' },
    { name: 'free', value: '<+input>' },
  ],
  stages: [{ stage: { identifier: 'one', timeout: '10m', when: '<+input>.allowedValues("a, b", c)' } }],
}

describe('runtime inputs', () => {
  it('are read with their constraints', () => {
    expect(parseRuntimeInput('no input')).toBeUndefined()
    expect(parseRuntimeInput('<+input>.regex((a|b)[)]\\)x)')).toEqual({ regex: '(a|b)[)]\\)x' })
    expect(parseRuntimeInput('<+input>.default("a b").allowedValues(1, 2)')).toEqual({
      defaultValue: 'a b',
      allowedValues: ['1', '2'],
    })
    expect(collectRuntimeInputs(tree, 'pipeline').map((input) => input.path)).toEqual([
      'pipeline.variables[0].value',
      'pipeline.variables[1].value',
      'pipeline.variables[2].value',
      'pipeline.stages[0].stage.when',
    ])
  })

  it('are refused with a sentence when they can not be read', () => {
    expect(() => parseRuntimeInput('<+input>.executionInput()')).toThrow('has no ".executionInput()"')
    expect(() => parseRuntimeInput('<+input>.regex(a')).toThrow('no closing')
    expect(() => parseRuntimeInput('<+input>.regex(a**)')).toThrow("can't be used")
    expect(() => parseRuntimeInput('x-<+input>')).toThrow('whole value')
  })

  it('take the given values, matched by identifier and name, and fall back to the default', () => {
    const merged = mergeRuntimeInputs(tree, {
      identifier: 'p',
      variables: [
        { name: 'free', value: 7 },
        { name: 'ticket', value: 'AB-12' },
      ],
      stages: [{ stage: { identifier: 'one', when: 'a, b' } }],
    })
    expect(merged.problems).toEqual([])
    expect(merged.value).toEqual({
      identifier: 'p',
      variables: [
        { name: 'ticket', value: 'AB-12' },
        { name: 'target', value: 'stg' },
        { name: 'free', value: 7 },
      ],
      stages: [{ stage: { identifier: 'one', timeout: '10m', when: 'a, b' } }],
    })
  })

  it('name every value that is missing, not allowed, fixed or unknown', () => {
    const { problems } = mergeRuntimeInputs(tree, {
      identifier: 'other',
      variables: [
        { name: 'ticket', value: 'nope' },
        { name: 'target', value: 'dev' },
        { name: 'extra', value: 1 },
      ],
      stages: [{ stage: { identifier: 'one', timeout: '20m', when: 'c', more: 1 } }],
    })
    expect(problems.map((problem) => problem.path)).toEqual([
      'identifier',
      'variables',
      'variables[0].value',
      'variables[1].value',
      'variables[2].value',
      'stages[0].stage.more',
      'stages[0].stage.timeout',
    ])
    for (const { path, message } of problems.filter((problem) => problem.path.includes('.')))
      expect(message).not.toContain(path)
  })

  // The test's time limit is the assertion: what it guards against takes minutes.
  it('decide a hostile pattern in linear time', { timeout: 60_000 }, () => {
    const { problems } = mergeRuntimeInputs('<+input>.regex((a+)+b)', 'a'.repeat(20_000), 'x')
    expect(problems).toHaveLength(1)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate, evaluateCondition } from './evaluate.ts'
import { ExpressionError } from './expression-error.ts'
import { MAX_TEXT_LENGTH } from './limits.ts'
import { mergeRuntimeInputs } from './merge-runtime-inputs.ts'
import { parseRuntimeInput } from './runtime-input.ts'
import { template } from './scope.ts'

const scope = {
  secretToken: 's'.repeat(32),
  context: {
    a: { b: 'text', n: 4, list: ['x', 'y'], deep: { t: template('<+a.b><+a.n>') } },
    twice: template('<+twice2><+twice2>'),
    twice2: template('<+twice3><+twice3>'),
    twice3: template('<+twice4>'.repeat(200)),
    twice4: template('<+a.b>'.repeat(200)),
  },
}
const word = fc.constantFrom(
  ...'<+|>|(|)|[|]|"|\'|.|,|?|:|!|==|!=|<|&&||+|-|*|/|%| |a|b|n|list|deep|t|twice|true|null|1|0|\\|secrets|getValue|contains|toUpperCase|replace|split|length|input|default|regex|\uE0000|${secret:|constructor|__proto__'.split(
    '|',
  ),
)
const soup = fc.array(word, { maxLength: 40 }).map((words) => words.join(''))
const text = fc.oneof(
  soup,
  soup.map((body) => `<+${body}>`),
  fc.string({ unit: 'binary' }),
)

const only = (run: () => unknown) => {
  try {
    const value = run()
    expect((JSON.stringify(value) ?? '').length).toBeLessThanOrEqual(MAX_TEXT_LENGTH * 2)
  } catch (error) {
    expect(error).toBeInstanceOf(ExpressionError)
  }
}

describe('any text', () => {
  it('evaluates to a bounded value or throws ExpressionError', () => {
    fc.assert(
      fc.property(text, (input) => only(() => evaluate(input, scope))),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(text, (input) => only(() => evaluateCondition(input, scope))),
      { numRuns: 1000 },
    )
  })

  it('is read as a runtime input or throws ExpressionError', () => {
    const input = fc.oneof(
      text,
      text.map((rest) => `<+input>${rest}`),
      text.map((rest) => `<+input>.regex(${rest})`),
    )
    fc.assert(
      fc.property(input, (value) => only(() => parseRuntimeInput(value))),
      { numRuns: 2000 },
    )
  })

  it('merges with any values without throwing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (tree, values) =>
        only(() => mergeRuntimeInputs(asJson(tree), asJson(values))),
      ),
    )
  })

  it('only holds a secret reference when an expression made it', () => {
    fc.assert(
      fc.property(soup, (input) => {
        fc.pre(!input.includes('getValue'))
        only(() => {
          const value = JSON.stringify(evaluate(input, scope))
          expect(value).not.toContain('${secret:')
          return value
        })
      }),
      { numRuns: 1000 },
    )
  })
})

it('variables that multiply are cut off', () => {
  expect(() => evaluate('<+twice>', scope)).toThrow(ExpressionError)
})

function asJson(value: unknown) {
  return JSON.parse(JSON.stringify(value))
}

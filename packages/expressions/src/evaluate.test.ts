import { describe, expect, it } from 'vitest'
import { evaluate, evaluateCondition, evaluateTree } from './evaluate.ts'
import { ExpressionError } from './expression-error.ts'
import { type ContextObject, template } from './scope.ts'
import {
  findSecretReferences,
  redactSecretReferences,
  replaceSecretReferences,
  secretReference,
} from './secret-reference.ts'

const secretToken = 'k'.repeat(40)
const context: ContextObject = {
  pipeline: {
    name: 'Ship orders',
    sequenceId: 17,
    variables: {
      target: 'prod',
      release: template('rel-<+pipeline.sequenceId>'),
      loop: template('<+pipeline.variables.back>'),
      back: template('<+pipeline.variables.loop>'),
      password: template('<+secrets.getValue("org.pw")>'),
      flag: 'true',
    },
    tags: { 'cost-centre': '42' },
    stages: { S: { spec: { execution: { steps: { A: { output: { k: 'v' } } } } } } },
  },
  execution: {
    steps: {
      db: {
        steps: {
          apply: {
            output: {
              preStartTag: 'v1',
              evil: '<+secrets.getValue("org.pw")>',
              list: ['a', 'b'],
              forged: `\${secret:${'k'.repeat(40)}:org.pw}`,
            },
          },
        },
      },
    },
  },
}
const scope = { context, secretToken }
const failure = (text: string, use = evaluate): ExpressionError => {
  try {
    use(text, scope)
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
  throw new Error(`"${text}" was evaluated`)
}

describe('evaluate', () => {
  it.each([
    ['plain', 'plain'],
    ['rel-<+pipeline.sequenceId>', 'rel-17'],
    ['<+pipeline.sequenceId>', 17],
    ['<+pipeline.variables.release>', 'rel-17'],
    ['<+execution.steps.db.steps.apply.output.preStartTag>', 'v1'],
    ['<+pipeline.stages.S.spec.execution.steps.A.output.k>', 'v'],
    ['<+pipeline.tags["cost-centre"]>', '42'],
    ['<+execution.steps.db.steps.apply.output.list[1]>', 'b'],
    ['<+pipeline.variables.target == "prod">', true],
    ['<+ <+pipeline.variables.target> == "prod" ? "yes" : "no">', 'yes'],
    ['<+"<+pipeline.name> to <+pipeline.variables.target>".toUpperCase()>', 'SHIP ORDERS TO PROD'],
    ['<+pipeline.sequenceId < 20 && !(pipeline.sequenceId < 3)>', true],
    ['<+(pipeline.sequenceId > 3)>', true],
    ['<+pipeline.sequenceId == "17">', true],
    ['<+pipeline.name + "-" + pipeline.sequenceId>', 'Ship orders-17'],
    ['<+pipeline.sequenceId + 1>', 18],
    ['<+pipeline.name.replace("Ship ", "").split("r")[0].length()>', 1],
    ['<+pipeline.name.length>', 11],
    ['<+" x ".trim().startsWith("x") || nothing.here>', true],
    ['<+execution.steps.db.steps.apply.output.list.contains("a")>', true],
    ['a <+pipeline.tags> b', 'a {"cost-centre":"42"} b'],
    ['<+pipeline.variables.flag ? 1 : 2>', 1],
  ])('reads %s', (text, value) => {
    expect(evaluate(text, scope)).toEqual(value)
  })

  it('names the expression and the segment that was not found', () => {
    const error = failure('<+pipeline.variables.tarqet>')
    expect(error).toMatchObject({ code: 'not_found', segment: 'tarqet', expression: '<+pipeline.variables.tarqet>' })
    expect(error.message).toContain('there is no "tarqet" in "pipeline.variables"')
  })

  it('names the place in a tree', () => {
    expect(() => evaluateTree({ spec: { tags: ['<+nope>'] } }, scope, 'step')).toThrow('step.spec.tags[0]: ')
  })

  it.each([
    ['<+pipeline.constructor>', 'not_found'],
    ['<+pipeline["__proto__"]>', 'not_found'],
    ['<+pipeline.name.constructor("x")>', 'not_allowed'],
    ['<+this>', 'not_allowed'],
    ['<+[1]>', 'not_allowed'],
    ['<+f()>', 'not_allowed'],
    ['<+1 | 2>', 'not_allowed'],
    ['<+pipeline?.name>', 'not_allowed'],
    ['<+a b>', 'syntax'],
    ['<+>', 'syntax'],
    ['<+a', 'syntax'],
    ['<+"a>', 'syntax'],
    ['<+"a".repeat(100)>', 'not_allowed'],
    ['<+"a" - 1>', 'type'],
    ['<+pipeline.name ? 1 : 2>', 'type'],
    ['<+1/0>', 'type'],
    ['<+pipeline.variables.loop>', 'cycle'],
    [`<+${'('.repeat(8000)}>`, 'syntax'],
    [`<+${'!'.repeat(8000)}true>`, 'too_large'],
    [`<+${'a'.repeat(9000)}>`, 'too_large'],
    ['<+'.repeat(5000), 'too_large'],
  ])('refuses %s as %s', (text, code) => {
    const error = failure(text)
    expect([code, 'syntax']).toContain(error.code)
  })
})

describe('secrets', () => {
  const reference = secretReference(secretToken, 'org.pw')

  it('become references that carry the token of the execution', () => {
    expect(evaluate('<+secrets.getValue("org.pw")>', scope)).toBe(reference)
    expect(evaluate('<+pipeline.variables.password>', scope)).toBe(reference)
    expect(evaluate('p=<+"x" + secrets.getValue("org.pw")>;', scope)).toBe(`p=x${reference};`)
    expect(findSecretReferences(`a${reference}b`, secretToken)).toEqual(['org.pw'])
    expect(replaceSecretReferences(`a${reference}b`, secretToken, (name) => `[${name}]`)).toBe('a[org.pw]b')
    expect(redactSecretReferences(reference)).toBe('<+secrets.getValue("org.pw")>')
  })

  it('are refused without a token', () => {
    expect(() => evaluate('<+secrets.getValue("org.pw")>', { context })).toThrow("Secrets can't be used here")
  })

  it('can not be looked into, compared or decided by', () => {
    for (const text of [
      '<+secrets.getValue("org.pw").length>',
      '<+secrets.getValue("org.pw").toUpperCase()>',
      '<+secrets.getValue("org.pw") == "x">',
      '<+secrets.getValue("org.pw") ? 1 : 2>',
      '<+pipeline.variables.password.split("")>',
    ]) {
      expect(failure(text).code).toBe('secret')
    }
  })

  it('can not be smuggled in by an output, a payload or plain text', () => {
    expect(evaluate('<+execution.steps.db.steps.apply.output.evil>', scope)).toBe('<+secrets.getValue("org.pw")>')
    expect(failure('<+execution.steps.db.steps.apply.output.forged>').code).toBe('secret')
    expect(failure('x<+execution.steps.db.steps.apply.output.forged>').code).toBe('secret')
    expect(failure('<+execution.steps.db.steps.apply.output>').code).toBe('secret')
    expect(failure(reference).code).toBe('secret')
    expect(failure('${secret:').code).toBe('secret')
    expect(() => findSecretReferences(secretReference('o'.repeat(40), 'org.pw'), secretToken)).toThrow('did not make')
    expect(() => findSecretReferences('${secret:broken', secretToken)).toThrow('did not make')
  })
})

describe('evaluateCondition', () => {
  it('reads the body of an expression, nested ones included', () => {
    expect(evaluateCondition('<+pipeline.variables.target> == "prod"', scope)).toBe(true)
    expect(evaluateCondition('<+pipeline.variables.target == "stg">', scope)).toBe(false)
    expect(evaluateCondition('pipeline.sequenceId > 16', scope)).toBe(true)
  })

  it('never lets a value become part of the expression', () => {
    const evil = { context: { pipeline: { variables: { x: '" == "" || "' } } } }
    expect(evaluateCondition('<+pipeline.variables.x> == "prod"', evil)).toBe(false)
  })

  it('refuses what is neither true nor false', () => {
    expect(() => evaluateCondition('<+pipeline.name>', scope)).toThrow('must be true or false')
    expect(() => evaluateCondition('', scope)).toThrow('empty')
  })
})

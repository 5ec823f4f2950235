import { describe, expect, test } from 'vitest'
import { SourceText } from '../model/source-text.ts'
import { contextsMatch, joinContexts } from './contexts.ts'
import { dbmsMatches } from './dbms.ts'
import { joinLabels, labelsMatch } from './labels.ts'
import { Properties } from './properties.ts'

describe('contexts', () => {
  test.each([
    ['', 'test', true],
    ['test', '', true],
    ['!test', '', true],
    ['@test', '', false],
    ['!@test', '', true],
    ['@test', 'test', true],
    ['', '@test', false],
    ['test', 'TEST', true],
    ['test', 'prod', false],
    ['!test', 'prod', true],
    ['not test', 'test', false],
    ['a and b or c', 'c', true],
    ['a and (b or c)', 'c', false],
    ['a and (b or c)', 'a, c', true],
    ['a, b', 'b', true],
    ['a, b and c', 'b', false],
    ['!(a or b)', 'b', false],
    ['two words', 'two words', true],
  ])('expression "%s" with contexts "%s" is %s', (expression, contexts, wanted) => {
    expect(contextsMatch(expression, contexts === '' ? [] : contexts.split(','))).toBe(wanted)
  })

  test('those of includes are joined as the history stores them', () => {
    expect(joinContexts(['outer', 'a or b', '', '!c'])).toBe('outer AND (a or b) AND !c')
  })

  test.each(['(a', 'a)', 'a and', 'or b'])('"%s" is named as unreadable', (expression) => {
    expect(() => contextsMatch(expression, ['a'])).toThrow(SyntaxError)
  })
})

describe('labels', () => {
  test.each([
    ['', 'a', true],
    ['a', undefined, true],
    ['A, b', 'a', true],
    ['a', 'b', false],
    ['a', '!b', true],
    ['a,b', 'a and b', true],
    ['a', 'a and b', false],
  ])('labels "%s" with filter "%s" is %s', (labels, filter, wanted) => {
    expect(labelsMatch(labels, filter)).toBe(wanted)
  })

  test('those of includes come first, lower-cased, each once', () => {
    expect(joinLabels(['Inc', 'B, inc ,C'])).toBe('inc,b,c')
  })
})

test.each([
  [null, true],
  ['', true],
  ['all', true],
  ['none', false],
  ['PostgreSQL, mysql', true],
  ['mysql', false],
  ['!mysql', true],
  ['!postgresql', false],
])('dbms "%s" is %s for postgresql', (dbms, wanted) => {
  expect(dbmsMatches(dbms, 'postgresql')).toBe(wanted)
})

describe('properties', () => {
  test('the first definition wins, values given from outside come before all', () => {
    const properties = new Properties({ Given: 'outside' })
    properties.define('given', 'inside')
    properties.define('name', 'first')
    properties.define('NAME', 'second')
    expect(properties.expand('${GIVEN} ${Name} ${unknown} ${:name}', [])).toBe('outside first ${unknown} ${:name}')
  })

  test('names and values may hold properties', () => {
    const properties = new Properties({ which: 'b', ab: 'deep ${which}' })
    expect(properties.expand('${a${which}}', [])).toBe('deep b')
  })

  test('a property of a file is seen in that file only', () => {
    const properties = new Properties()
    properties.define('x', 'here', 'a.sql')
    expect([properties.expand('${x}', ['a.sql']), properties.expand('${x}', ['b.sql'])]).toEqual(['here', '${x}'])
  })

  test('values that lead to themselves or double each other end', () => {
    const properties = new Properties({ loop: '${loop}', a0: 'x' })
    for (let index = 1; index < 40; index += 1) properties.define(`a${index}`, `\${a${index - 1}}\${a${index - 1}}`)
    expect(properties.expand('${loop}', [])).toBe('${loop}')
    expect(properties.expand('${a39}', []).length).toBeLessThan(1_000_000)
  })

  test('places after a replaced property are kept', () => {
    const source = SourceText.ofFile('a.sql', 'select ${x}\nfrom nowhere')
    const expanded = new Properties({ x: 'a long\nvalue' }).expandSource(source, [])
    expect(expanded.at(expanded.text.indexOf('nowhere'))).toEqual({ file: 'a.sql', line: 2, column: 6 })
  })
})

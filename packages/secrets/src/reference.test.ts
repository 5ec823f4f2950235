import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  findPlaceholders,
  findSecretExpressions,
  formatPlaceholder,
  parseSecretName,
  replaceSecretExpressions,
  substitutePlaceholders,
} from './reference.ts'

describe('references to secrets', () => {
  it('reads the level from the prefix', () => {
    expect(parseSecretName('orders_pw')).toEqual({ level: 'project', identifier: 'orders_pw' })
    expect(parseSecretName('org.orders_pw')).toEqual({ level: 'org', identifier: 'orders_pw' })
    expect(parseSecretName('account.orders_pw')).toEqual({ level: 'account', identifier: 'orders_pw' })
  })

  it.each(['', 'a b', 'team.x', 'account.', 'account.org.x', '1x', `a${'b'.repeat(200)}`])('refuses "%s"', (name) => {
    expect(() => parseSecretName(name)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  it('finds expressions with either quote, in order, with their places', () => {
    const text = `user:<+secrets.getValue("account.u")>@<+secrets.getValue( 'p' )>`
    const found = findSecretExpressions(text)
    expect(found.map((one) => [one.name, one.parsed.level])).toEqual([
      ['account.u', 'account'],
      ['p', 'project'],
    ])
    for (const one of found) expect(text.slice(one.start, one.end)).toBe(one.expression)
  })

  it('turns expressions into placeholders and placeholders into values', () => {
    const secret = { secretId: 'sec-01k9', version: 3 }
    const planned = replaceSecretExpressions(`password '<+secrets.getValue("p")>'`, () => secret)
    expect(planned).toBe(`password '<secret:sec-01k9@3>'`)
    expect(findPlaceholders(planned)).toMatchObject([secret])
    const values = new Map([[formatPlaceholder(secret), `a<secret:sec-other@1>$&`]])
    expect(substitutePlaceholders(planned, values)).toBe(`password 'a<secret:sec-other@1>$&'`)
  })

  it('refuses a placeholder that the task was not given, as text from users may hold one', () => {
    expect(() => substitutePlaceholders('<secret:sec-stolen@1>', new Map())).toThrow(/"sec-stolen"/)
  })

  it('leaves any other text as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('<secret:') && !text.includes('<+secrets'))
        expect(replaceSecretExpressions(text, () => ({ secretId: 'sec-1', version: 1 }))).toBe(text)
        expect(substitutePlaceholders(text, new Map())).toBe(text)
      }),
    )
  })
})

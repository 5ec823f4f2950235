import { expect, test } from 'vitest'
import { ApiProblem } from '../../api/problem.ts'
import { createNumbered } from './create-numbered.ts'

const taken = new ApiProblem({ code: 'DUPLICATE_IDENTIFIER', status: 409, message: 'taken' })
const creator = (existing: string[]) => (identifier: string) =>
  existing.includes(identifier) ? Promise.reject(taken) : Promise.resolve(identifier)

test('a derived identifier that is taken is numbered', async () => {
  expect(await createNumbered('shop', false, creator([]))).toBe('shop')
  expect(await createNumbered('shop', false, creator(['shop', 'shop_2']))).toBe('shop_3')
})

test('an identifier that somebody chose is not changed behind their back', async () => {
  await expect(createNumbered('shop', true, creator(['shop']))).rejects.toBe(taken)
})

test('another failure is told at once', async () => {
  const denied = new ApiProblem({ code: 'ACCESS_DENIED', status: 403, message: 'no' })
  await expect(createNumbered('shop', false, () => Promise.reject(denied))).rejects.toBe(denied)
})

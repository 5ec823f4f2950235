import { expect, test } from 'vitest'
import { readSearch } from './search.ts'

test('an address is read as it was written', () => {
  const search = {
    tab: 'instances',
    q: 'orders',
    states: ['pending', 'failed'],
    cell: { file: 'db/a.sql', author: 'ada', id: '1', instance: 'prod' },
  } as const

  expect(readSearch({ ...search })).toEqual(search)
})

test('what means nothing is left out', () => {
  expect(readSearch({ tab: 'x', q: 7, states: ['no', 3], cell: { file: 'a' }, new: 'yes' })).toEqual({})
  expect(readSearch({ tab: 'matrix', states: 'pending', cell: null })).toEqual({})
})

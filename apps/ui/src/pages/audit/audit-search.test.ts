import { AuditFilter } from '@sluice/contracts/audit-routes'
import { expect, test } from 'vitest'
import { filterOf, isFiltered, readSearch } from './audit-search.ts'

const NOW = Date.UTC(2026, 10, 23, 12, 0, 30)

test('an address with nonsense filters nothing', () => {
  const search = readSearch({ actions: 'FLY', span: 'aeon', from: 'yesterday', to: '2026-13-45', page: -3 })

  expect(filterOf(search, NOW)).toEqual({})
  expect(isFiltered(readSearch({ page: 4, event: 'aud-1' }))).toBe(false)
})

test('every filter of an address is one that the API takes', () => {
  const search = readSearch({
    q: 'orders',
    actions: 'CREATE,DELETE',
    types: 'connector',
    who: 'usr-1',
    from: '2026-11-01',
    to: '2026-11-02',
  })
  const filter = AuditFilter.parse(filterOf(search, NOW))

  expect(filter).toMatchObject({ searchTerm: 'orders', actions: ['CREATE', 'DELETE'], principalIds: ['usr-1'] })
  expect((filter.endTime ?? 0) - (filter.startTime ?? 0)).toBe(2 * 24 * 3_600_000 - 1)
})

test('a span goes back from now, and wins over days', () => {
  const filter = filterOf(readSearch({ span: 'hour', from: '2020-01-01' }), NOW)

  expect(filter).toEqual({ startTime: Date.UTC(2026, 10, 23, 11, 0, 0) })
})

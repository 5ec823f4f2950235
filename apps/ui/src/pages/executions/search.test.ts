import { expect, it } from 'vitest'
import { filtersOf, isFiltered, readSearch } from './search.ts'

it('forgets what an address holds that no filter knows', () => {
  expect(readSearch({ status: 'failed,gone,running', since: 'century', page: 0, mine: 'no', q: '  ' })).toEqual({
    status: 'failed,running',
  })
})

it('keeps a run number that the address holds as a number', () => {
  expect(readSearch({ q: 12 }).q).toBe('12')
})

it('asks for every status of the chosen groups', () => {
  const { statuses } = filtersOf(readSearch({ status: 'failed,aborted' }), 0)
  expect(statuses).toEqual(['Failed', 'Expired', 'ApprovalRejected', 'Aborted'])
})

it('asks for the same moment all through a minute', () => {
  const at = (now: number) => filtersOf({ since: 'hour' }, now).startedAfter
  expect(at(7_200_001)).toBe(at(7_259_999))
})

it('does not call a page number a filter', () => {
  expect(isFiltered(readSearch({ page: 3 }))).toBe(false)
  expect(isFiltered(readSearch({ mine: true }))).toBe(true)
})

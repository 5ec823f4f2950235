import type { EntityListQuery } from '@sluice/contracts/dbops'

const COLUMNS = { name: 'name', updated: 'updatedAt', created: 'createdAt' } as const

/** Order of a list; the id settles ties, so that pages neither repeat nor miss a row. */
export function entityOrder(query: Pick<EntityListQuery, 'sort' | 'order'>): Record<string, 'asc' | 'desc'>[] {
  const direction = query.order === 'ASC' ? 'asc' : 'desc'
  return [{ [COLUMNS[query.sort]]: direction }, { id: direction }]
}

/** Condition: identifier or name contains the term, whatever its case. */
export function matchingTerm(term: string | undefined) {
  if (term === undefined || term === '') return {}
  const contains = { contains: term, mode: 'insensitive' as const }
  return { OR: [{ identifier: contains }, { name: contains }] }
}

import type { ChangesetKey, ChangesetState } from '../../matrix/matrix-data.ts'
import { readSearch as readMatrixSearch } from '../schema/search.ts'

export const TABS = ['overview', 'changesets', 'plans', 'settings'] as const
export type Tab = (typeof TABS)[number]

/** What the address of an instance's page holds. */
export interface InstanceSearch {
  tab?: Tab
  q?: string
  states?: ChangesetState[]
  cell?: ChangesetKey & { instance: string }
  /** Hash of the plan that is open. */
  plan?: string
}

/** Reads an address; what means nothing is left out. */
export function readSearch(search: Record<string, unknown>): InstanceSearch {
  const { q, states, cell } = readMatrixSearch(search)
  const tab = TABS.find((name) => name === search['tab'])
  const plan = typeof search['plan'] === 'string' && search['plan'] !== '' ? search['plan'].slice(0, 128) : undefined
  return {
    ...(tab === undefined || tab === 'overview' ? {} : { tab }),
    ...(q === undefined ? {} : { q }),
    ...(states === undefined ? {} : { states }),
    ...(cell === undefined ? {} : { cell }),
    ...(plan === undefined ? {} : { plan }),
  }
}

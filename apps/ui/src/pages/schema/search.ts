import type { ChangesetKey, ChangesetState } from '../../matrix/matrix-data.ts'

export const TABS = ['matrix', 'instances', 'settings'] as const
export type Tab = (typeof TABS)[number]

const STATES: readonly ChangesetState[] = [
  'deployed',
  'pending',
  'changed',
  'failed',
  'rolled-back',
  'unknown',
  'skipped',
  'ran-now',
]

/** What the address of a schema's page holds. */
export interface SchemaSearch {
  tab?: Tab
  q?: string
  states?: ChangesetState[]
  /** The cell that is open. */
  cell?: ChangesetKey & { instance: string }
  /** The form that makes an instance is open. */
  new?: true
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 1_024
}

function readCell(value: unknown): SchemaSearch['cell'] {
  if (typeof value !== 'object' || value === null) return undefined
  const { file, author, id, instance } = value as Record<string, unknown>
  return isText(file) && isText(author) && isText(id) && isText(instance) ? { file, author, id, instance } : undefined
}

/** Reads an address; what means nothing is left out, so that no address leads to an error. */
export function readSearch(search: Record<string, unknown>): SchemaSearch {
  const tab = TABS.find((name) => name === search['tab'])
  const wanted: unknown[] = Array.isArray(search['states']) ? search['states'] : []
  const states = STATES.filter((state) => wanted.includes(state))
  const cell = readCell(search['cell'])
  const q = isText(search['q']) ? search['q'].slice(0, 255) : undefined
  return {
    ...(tab === undefined || tab === 'matrix' ? {} : { tab }),
    ...(q === undefined ? {} : { q }),
    ...(states.length === 0 ? {} : { states }),
    ...(cell === undefined ? {} : { cell }),
    ...(search['new'] === true ? { new: true } : {}),
  }
}

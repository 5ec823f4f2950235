import { keepPreviousData, queryOptions, useQueries, useQuery } from '@tanstack/react-query'
import { callList, type Input, type Output } from '../api/call.ts'
import type { SchemaAddress } from '../api/schemas.ts'

type MigrationState = Output<'getMigrationState'>
export type MatrixRow = MigrationState['changeSets'][number]
export type MatrixCell = MatrixRow['instances'][number]
export type MatrixColumn = MigrationState['instances'][number]
export type ChangesetState = MatrixCell['state']

export interface MatrixFilter {
  states: readonly ChangesetState[]
  search: string
  /** Only these instances; none: all. */
  instances?: readonly string[]
  /** Only this changeset. */
  changeset?: ChangesetKey
}

/** Rows that one request brings; the most that the API gives at once. */
export const ROWS_PER_PAGE = 100

function bodyOf({ states, search, instances = [], changeset }: MatrixFilter): Input<'getMigrationState'>['body'] {
  return {
    instanceFilter: { instances: [...instances] },
    changeSetFilter: {
      states: [...states],
      searchTerm: search,
      ...(changeset === undefined
        ? {}
        : { changeset: { fileName: changeset.file, author: changeset.author, id: changeset.id } }),
    },
  }
}

export function matrixPageQuery(address: SchemaAddress, filter: MatrixFilter, page: number) {
  return queryOptions({
    queryKey: ['matrix', address, 'rows', filter, page],
    queryFn: ({ signal }) =>
      callList(
        'getMigrationState',
        { params: address, query: { page, limit: ROWS_PER_PAGE }, body: bodyOf(filter) },
        { signal },
      ),
    staleTime: 60_000,
  })
}

/** A changeset, as the history tells it apart from all others. */
export interface ChangesetKey {
  file: string
  author: string
  id: string
}

/** One row by its key, with the cells of one instance. */
export function matrixRowQuery(address: SchemaAddress, key: ChangesetKey, instance: string) {
  const { file, author, id } = key
  const filter: MatrixFilter = { states: [], search: '', instances: [instance], changeset: { file, author, id } }
  return queryOptions({
    ...matrixPageQuery(address, filter, 0),
    select: ({ items }: { items: MigrationState }) =>
      items.changeSets.find((row) => row.changeSet === id && row.author === author && row.fileName === file),
  })
}

/**
 * The matrix as far as it was looked at: `pages` are those in view.
 * @returns rows by index (undefined: still coming), and what the first page says of the whole
 */
export function useMatrix(address: SchemaAddress, filter: MatrixFilter, pages: readonly number[]) {
  const head = useQuery({ ...matrixPageQuery(address, filter, 0), placeholderData: keepPreviousData })
  const wanted = useQueries({ queries: pages.map((page) => matrixPageQuery(address, filter, page)) })
  const byPage = new Map(pages.map((page, index) => [page, wanted[index]?.data?.items.changeSets]))
  const first = head.data?.items
  const rowAt = (index: number): MatrixRow | undefined => {
    const page = Math.floor(index / ROWS_PER_PAGE)
    const rows = byPage.get(page) ?? (page === 0 && !head.isPlaceholderData ? first?.changeSets : undefined)
    return rows?.[index % ROWS_PER_PAGE]
  }
  return {
    isLoading: head.data === undefined,
    /** Another filter's rows are still shown. */
    isStale: head.isPlaceholderData,
    error: head.data === undefined ? head.error : (wanted.find(({ error }) => error !== null)?.error ?? null),
    retry: () => Promise.all([head.refetch(), ...wanted.map(({ refetch }) => refetch())]),
    total: head.data?.total ?? 0,
    columns: first?.instances ?? NO_COLUMNS,
    overview: first?.overview ?? NO_OVERVIEW,
    rowAt,
  }
}
const NO_COLUMNS: MatrixColumn[] = []
const NO_OVERVIEW: MigrationState['overview'] = []

import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call, callList, type Output } from './call.ts'

export interface ProjectAddress {
  org: string
  project: string
}
export interface SchemaAddress extends ProjectAddress {
  schema: string
}
export interface InstanceAddress extends SchemaAddress {
  instance: string
}

export type DbSchema = Output<'getDbSchema'>
export type DbInstance = Output<'getDbInstance'>
export type InstanceOverview = Output<'getMigrationState'>['overview'][number]

/** Most instances that one answer holds, that the matrix has columns for, and that one request asks to be looked at. */
export const INSTANCES_PER_PAGE = 100

/** A page of the schemas of a project, newest change first. */
export function schemasQuery(scope: ProjectAddress, filter: { search: string; page: number; limit: number }) {
  return queryOptions({
    queryKey: ['schemas', scope, filter],
    queryFn: ({ signal }) =>
      callList(
        'listDbSchemas',
        {
          params: scope,
          query: { search_term: filter.search, page: filter.page, limit: filter.limit, sort: 'updated' },
        },
        { signal },
      ),
    placeholderData: keepPreviousData,
  })
}

export function schemaQuery(address: SchemaAddress) {
  return queryOptions({
    queryKey: ['schemas', 'one', address],
    queryFn: ({ signal }) => call('getDbSchema', { params: address }, { signal }),
  })
}

/** Reads on until all are there. */
async function allInstances(params: SchemaAddress, signal: AbortSignal): Promise<DbInstance[]> {
  const found: DbInstance[] = []
  for (let page = 0; ; page++) {
    const query = { page, limit: INSTANCES_PER_PAGE, sort: 'created', order: 'ASC' } as const
    // The next page is asked for only where there is one.
    // oxlint-disable-next-line no-await-in-loop
    const { items, total } = await callList('listDbInstances', { params, query, body: {} }, { signal })
    found.push(...items)
    if (items.length === 0 || found.length >= total) return found
  }
}

/** All instances of a schema, oldest first: the order in which they were thought of is mostly that of delivery. */
export function instancesQuery({ org, project, schema }: SchemaAddress) {
  return queryOptions({
    queryKey: ['instances', { org, project, schema }],
    queryFn: async ({ signal }) => {
      const items = await allInstances({ org, project, schema }, signal)
      return { items, total: items.length }
    },
  })
}

export function instanceQuery({ org, project, schema, instance }: InstanceAddress) {
  return queryOptions({
    queryKey: ['instances', 'one', { org, project, schema, instance }],
    queryFn: ({ signal }) => call('getDbInstance', { params: { org, project, schema, instance } }, { signal }),
  })
}

/** Counts by state and the last look of every instance, without any row of the matrix. */
export function overviewQuery(address: SchemaAddress) {
  return queryOptions({
    queryKey: ['matrix', address, 'overview'],
    queryFn: async ({ signal }): Promise<InstanceOverview[]> => {
      const read = async (instances: readonly string[]): Promise<InstanceOverview[]> => {
        const body = { instanceFilter: { instances: [...instances] } }
        return (await call('getMigrationState', { params: address, query: { limit: 1 }, body }, { signal })).overview
      }
      const first = await read([])
      if (first.length < INSTANCES_PER_PAGE) return first
      const known = new Set(first.map(({ instance }) => instance))
      const others = (await allInstances(address, signal)).filter(({ identifier }) => !known.has(identifier))
      const pages = Array.from({ length: Math.ceil(others.length / INSTANCES_PER_PAGE) }, (_, page) =>
        others.slice(page * INSTANCES_PER_PAGE, (page + 1) * INSTANCES_PER_PAGE),
      )
      const more = await Promise.all(pages.map((page) => read(page.map(({ identifier }) => identifier))))
      return [first, ...more].flat()
    },
  })
}

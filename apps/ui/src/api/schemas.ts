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

/** Most instances that one page shows; the API's own bound of a list. */
export const INSTANCES_MAX = 100

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

/** The instances of a schema, oldest first: the order in which they were thought of is mostly that of delivery. */
export function instancesQuery(address: SchemaAddress) {
  return queryOptions({
    queryKey: ['instances', address],
    queryFn: ({ signal }) =>
      callList(
        'listDbInstances',
        { params: address, query: { limit: INSTANCES_MAX, sort: 'created', order: 'ASC' }, body: {} },
        { signal },
      ),
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
    queryFn: async ({ signal }) => {
      const state = await call('getMigrationState', { params: address, query: { limit: 1 }, body: {} }, { signal })
      return state.overview
    },
  })
}

import { z } from 'zod'
import type { Permission } from './access.ts'
import type { ServiceName } from './network.ts'
import type { ErrorCode } from './errors.ts'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE'

/**
 * Who may call a route.
 * - `public`: nobody is asked (login, health).
 * - `principal`: any signed-in principal of the account.
 * - `permission`: a principal who holds `permission` in the scope the request names.
 * - `peer`: a service over its mutual-TLS edge, `on-behalf-of` included.
 */
export type RouteAuth = 'public' | 'principal' | 'permission' | 'peer'

export interface RouteContract<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
> {
  service: ServiceName
  method: HttpMethod
  /** Path at the owning service, beginning with its prefix, e.g. `/ng/api/connectors/:identifier`. */
  path: string
  /** Path at the gateway, where the route is public; derived for the reader's sake in {@link publicPath}. */
  publicPath?: string
  operationId: string
  summary: string
  tag: string
  auth: RouteAuth
  permission?: Permission
  params?: Params
  query?: Query
  body?: Body
  /** Media type of the body where it is not JSON. */
  bodyType?: 'application/yaml'
  /** Success status, 200 unless told. */
  status?: number
  /** Schema of the success body; absent: no body (204) or a stream. */
  response?: Response
  /** `json` unless told. A stream is not validated. */
  responseType?: 'json' | 'sse' | 'bytes' | 'text'
  /** `ng`: wrapped in the `{status, data, metaData, correlationId}` envelope; `bare`: the object itself. */
  family: 'ng' | 'bare'
  errors: readonly ErrorCode[]
}

/** Defines a route once; the server, the typed client, OpenAPI and the tenant test import the value. */
export function defineRoute<
  const Contract extends RouteContract<Params, Query, Body, Response>,
  Params extends z.ZodType = z.ZodNever,
  Query extends z.ZodType = z.ZodNever,
  Body extends z.ZodType = z.ZodNever,
  Response extends z.ZodType = z.ZodNever,
>(contract: Contract & RouteContract<Params, Query, Body, Response>): Contract {
  return contract
}

type OutputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined
type InputOf<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined

export type RouteParams<Contract extends RouteContract> = OutputOf<Contract['params']>
export type RouteQuery<Contract extends RouteContract> = OutputOf<Contract['query']>
export type RouteBody<Contract extends RouteContract> = OutputOf<Contract['body']>
export type RouteResponse<Contract extends RouteContract> = OutputOf<Contract['response']>
export type RouteResponseInput<Contract extends RouteContract> = InputOf<Contract['response']>

/** What a typed client passes. */
export type RouteInput<Contract extends RouteContract> = (Contract['params'] extends z.ZodType
  ? { params: InputOf<Contract['params']> }
  : { params?: undefined }) &
  (Contract['query'] extends z.ZodType ? { query?: InputOf<Contract['query']> } : { query?: undefined }) &
  (Contract['body'] extends z.ZodType
    ? undefined extends InputOf<Contract['body']>
      ? { body?: InputOf<Contract['body']> }
      : { body: InputOf<Contract['body']> }
    : { body?: undefined })

/** Longest-prefix table of the gateway: public prefix → service and the prefix there. */
export const GATEWAY_PREFIXES = [
  { prefix: '/gateway/ng/api/scm', service: 'pipeline-service', target: '/pipeline-service/scm' },
  { prefix: '/gateway/ng/api/webhook', service: 'pipeline-service', target: '/pipeline-service/webhook' },
  { prefix: '/gateway/ng/api', service: 'ng-core', target: '/ng/api' },
  { prefix: '/gateway/log-service', service: 'log-service', target: '/log-service' },
  { prefix: '/gateway/pipeline-service', service: 'pipeline-service', target: '/pipeline-service' },
  { prefix: '/gateway/pipeline', service: 'pipeline-service', target: '/pipeline-service' },
  { prefix: '/gateway/dbops', service: 'pipeline-service', target: '/pipeline-service/dbops' },
] as const satisfies readonly { prefix: string; service: ServiceName; target: string }[]

/** Pass-through along the table's edges: what one service hands on to the next, by prefix. */
export const PASS_THROUGH = [
  { at: 'pipeline-service', prefix: '/pipeline-service/dbops', to: 'ng-manager', target: '/ng-manager/dbops' },
  { at: 'ng-manager', prefix: '/ng-manager/dbops', to: 'dbdevops-service', target: '/dbdevops' },
  { at: 'pipeline-service', prefix: '/pipeline-service/scm', to: 'ng-manager', target: '/ng-manager/scm' },
  { at: 'ng-manager', prefix: '/ng-manager/scm', to: 'scm-service', target: '/scm' },
] as const satisfies readonly { at: ServiceName; prefix: string; to: ServiceName; target: string }[]

/** Public path of a service's path, following the tables above backwards; undefined where no edge leads there. */
export function publicPath(service: ServiceName, path: string): string | undefined {
  for (const entry of GATEWAY_PREFIXES) {
    if (entry.service === service && path.startsWith(entry.target))
      return entry.prefix + path.slice(entry.target.length)
  }
  for (const hop of PASS_THROUGH) {
    if (hop.to === service && path.startsWith(hop.target)) {
      return publicPath(hop.at, hop.prefix + path.slice(hop.target.length))
    }
  }
  return undefined
}

/** Query of a list in the platform family. */
export const PageQuery = z.object({
  pageIndex: z.coerce.number().int().min(0).max(100_000).default(0),
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
})

/** Query of a list in the DB DevOps family. */
export const LimitQuery = z.object({
  page: z.coerce.number().int().min(0).max(100_000).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(10),
})

/** A page of the platform family. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    totalPages: z.number().int(),
    totalItems: z.number().int(),
    pageItemCount: z.number().int(),
    pageSize: z.number().int(),
    pageIndex: z.number().int(),
    empty: z.boolean(),
    content: z.array(item),
  })
}

/** Shapes a page of the platform family from one slice of rows and the total. */
export function toPage<Item>(content: Item[], totalItems: number, query: { pageIndex: number; pageSize: number }) {
  return {
    totalPages: Math.ceil(totalItems / query.pageSize),
    totalItems,
    pageItemCount: content.length,
    pageSize: query.pageSize,
    pageIndex: query.pageIndex,
    empty: content.length === 0,
    content,
  }
}

/** Scope of a platform request: query parameters, as published. */
export const ScopeQuery = z.object({
  orgIdentifier: z.string().max(128).optional(),
  projectIdentifier: z.string().max(128).optional(),
})
export const ProjectQuery = z.object({
  orgIdentifier: z.string().max(128),
  projectIdentifier: z.string().max(128),
})

import {
  createDbSchema,
  deleteDbSchema,
  getDbopsOverview,
  getDbSchema,
  listDbSchemas,
  updateDbSchema,
} from '@sluice/contracts/dbops'
import { registerRoute, type Actor } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { requireDbops } from '../feature/require-dbops.ts'
import { setPageHeaders } from '../paging/set-page-headers.ts'
import { createSchema } from './create-schema.ts'
import { deleteSchema } from './delete-schema.ts'
import { listSchemas } from './list-schemas.ts'
import { readOverview } from './read-overview.ts'
import { findSchema, toSchemaOut, type ProjectRef } from './schema-store.ts'
import { updateSchema } from './update-schema.ts'

/** The project of a request, in the account of who acts. Refuses accounts without Database DevOps. */
export function projectOf(actor: Actor, params: { org: string; project: string }): ProjectRef {
  requireDbops(actor)
  return { accountId: actor.accountId, org: params.org, project: params.project }
}

export function registerSchemaRoutes(app: FastifyInstance, deps: Deps): void {
  const mount = { service: 'dbdevops-service', ...deps } as const
  registerRoute(app, listDbSchemas, {
    ...mount,
    handler: async ({ actor, params, query, reply }) => {
      const { items, total } = await listSchemas(deps, projectOf(actor, params), query)
      setPageHeaders(reply, query, total)
      return items
    },
  })
  registerRoute(app, createDbSchema, {
    ...mount,
    handler: ({ actor, params, body }) => createSchema(deps, actor, projectOf(actor, params), body),
  })
  registerRoute(app, getDbopsOverview, {
    ...mount,
    handler: ({ actor, params }) => readOverview(deps, projectOf(actor, params)),
  })
  registerRoute(app, getDbSchema, {
    ...mount,
    handler: async ({ actor, params }) =>
      toSchemaOut(await findSchema(deps.prisma, projectOf(actor, params), params.schema)),
  })
  registerRoute(app, updateDbSchema, {
    ...mount,
    handler: ({ actor, params, body }) => updateSchema(deps, actor, projectOf(actor, params), params.schema, body),
  })
  registerRoute(app, deleteDbSchema, {
    ...mount,
    handler: async ({ actor, params }) => {
      await deleteSchema(deps, actor, projectOf(actor, params), params.schema)
      return undefined
    },
  })
}

import {
  createDbInstance,
  deleteDbInstance,
  getDbInstance,
  listDbInstances,
  updateDbInstance,
} from '@sluice/contracts/dbops'
import { registerRoute } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { setPageHeaders } from '../paging/set-page-headers.ts'
import { projectOf } from '../schema/schema-routes.ts'
import { createInstance } from './create-instance.ts'
import { deleteInstance } from './delete-instance.ts'
import { findInstance, toInstanceOut } from './instance-store.ts'
import { listInstances } from './list-instances.ts'
import { updateInstance } from './update-instance.ts'

export function registerInstanceRoutes(app: FastifyInstance, deps: Deps): void {
  const mount = { service: 'dbdevops-service', ...deps } as const
  registerRoute(app, createDbInstance, {
    ...mount,
    handler: ({ actor, params, body }) =>
      createInstance(deps, actor, { ...projectOf(actor, params), schema: params.schema }, body),
  })
  registerRoute(app, listDbInstances, {
    ...mount,
    handler: async ({ actor, params, query, body, reply }) => {
      const ref = { ...projectOf(actor, params), schema: params.schema }
      const { items, total } = await listInstances(deps, ref, query, body)
      setPageHeaders(reply, query, total)
      return items
    },
  })
  registerRoute(app, getDbInstance, {
    ...mount,
    handler: async ({ actor, params }) => {
      const { instance } = await findInstance(deps.prisma, projectOf(actor, params), params.schema, params.instance)
      return toInstanceOut(instance)
    },
  })
  registerRoute(app, updateDbInstance, {
    ...mount,
    handler: ({ actor, params, body }) =>
      updateInstance(
        deps,
        actor,
        { ...projectOf(actor, params), schema: params.schema, instance: params.instance },
        body,
      ),
  })
  registerRoute(app, deleteDbInstance, {
    ...mount,
    handler: async ({ actor, params }) => {
      const ref = { ...projectOf(actor, params), schema: params.schema, instance: params.instance }
      await deleteInstance(deps, actor, ref)
      return undefined
    },
  })
}

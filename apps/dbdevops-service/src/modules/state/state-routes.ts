import { getChangeset, getDeployedState, getMigrationState } from '@sluice/contracts/dbops'
import { registerRoute } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { setPageHeaders } from '../paging/set-page-headers.ts'
import { projectOf } from '../schema/schema-routes.ts'
import { readChangeset } from './read-changeset.ts'
import { readDeployedState } from './read-deployed-state.ts'
import { readMatrix } from './read-matrix.ts'

export function registerStateRoutes(app: FastifyInstance, deps: Deps): void {
  const mount = { service: 'dbdevops-service', ...deps } as const
  registerRoute(app, getMigrationState, {
    ...mount,
    handler: async ({ actor, params, query, body, reply }) => {
      const ref = { ...projectOf(actor, params), schema: params.schema }
      const { matrix, total } = await readMatrix(deps, ref, query, body)
      setPageHeaders(reply, query, total)
      return matrix
    },
  })
  registerRoute(app, getChangeset, {
    ...mount,
    handler: ({ actor, params, query }) =>
      readChangeset(deps, { ...projectOf(actor, params), schema: params.schema }, query),
  })
  registerRoute(app, getDeployedState, {
    ...mount,
    handler: async ({ actor, params, query, body, reply }) => {
      const ref = { ...projectOf(actor, params), schema: params.schema, instance: params.instance }
      const { items, total } = await readDeployedState(deps, ref, query, body)
      setPageHeaders(reply, query, total)
      return items
    },
  })
}

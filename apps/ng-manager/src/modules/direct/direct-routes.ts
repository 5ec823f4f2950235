import {
  baselineInstance as baselineContract,
  getDatabaseRequest,
  refreshInstance as refreshContract,
  refreshSchema as refreshSchemaContract,
} from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import type { Scope } from '@sluice/contracts/ids'
import { registerRoute, type Actor } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import type { DirectRequest } from '../../generated/prisma/client.ts'
import { awaitRequest } from './await-request.ts'
import { baselineInstance } from './baseline-instance.ts'
import { DATABASE_KINDS, toDatabaseRequest } from './direct-request.ts'
import { refreshInstance } from './refresh-instance.ts'
import { refreshSchema } from './refresh-schema.ts'

const SECOND_MS = 1_000
const DBOPS_FLAG = 'DBOPS_ENABLED'

/** The project of a request, in the account of who acts. Refuses accounts without Database DevOps. */
function projectOf(actor: Actor, params: { org: string; project: string }): Scope {
  if (actor.source === 'token' && !actor.featureFlags.includes(DBOPS_FLAG)) {
    throw new AppError(
      'FEATURE_DISABLED',
      `Database DevOps is switched off in this account. Ask an administrator to switch the feature flag "${DBOPS_FLAG}" on.`,
    )
  }
  return { accountId: actor.accountId, orgIdentifier: params.org, projectIdentifier: params.project }
}

/** Routes for what is asked of a database without a pipeline run. */
export function registerDirectRoutes(app: FastifyInstance, deps: Deps): void {
  const { verifier, logger, access } = deps
  const mount = { service: 'ng-manager', verifier, logger, access } as const
  const wait = async (row: DirectRequest, seconds: number, signal: AbortSignal) =>
    toDatabaseRequest(
      seconds === 0 ? row : await awaitRequest(deps, { accountId: row.accountId }, row.id, seconds * SECOND_MS, signal),
    )
  registerRoute(app, refreshContract, {
    ...mount,
    handler: async ({ actor, params, query, signal }) => {
      const ref = { scope: projectOf(actor, params), dbSchema: params.schema, dbInstance: params.instance }
      return wait(await refreshInstance(deps, actor, ref, Date.now(), signal), query.waitSeconds, signal)
    },
  })
  registerRoute(app, refreshSchemaContract, {
    ...mount,
    handler: async ({ actor, params, body, signal }) => {
      const of = { scope: projectOf(actor, params), dbSchema: params.schema, instances: body.instances }
      return { requests: await refreshSchema(deps, actor, of, signal) }
    },
  })
  registerRoute(app, baselineContract, {
    ...mount,
    handler: async ({ actor, params, query, body, signal }) => {
      const ref = { scope: projectOf(actor, params), dbSchema: params.schema, dbInstance: params.instance }
      return wait(await baselineInstance(deps, actor, ref, body, signal), query.waitSeconds, signal)
    },
  })
  registerRoute(app, getDatabaseRequest, {
    ...mount,
    handler: async ({ actor, params, query, signal }) => {
      const { accountId, orgIdentifier, projectIdentifier } = projectOf(actor, params)
      const where = {
        accountId,
        orgIdentifier: orgIdentifier ?? null,
        projectIdentifier: projectIdentifier ?? null,
        schemaIdentifier: params.schema,
        kind: { in: [...DATABASE_KINDS] },
      }
      const row = await awaitRequest(deps, where, params.requestId, query.waitSeconds * SECOND_MS, signal)
      return toDatabaseRequest(row)
    },
  })
}

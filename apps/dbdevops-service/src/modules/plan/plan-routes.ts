import { getPlan, listPlans } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { registerRoute } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { findInstance } from '../instance/instance-store.ts'
import { setPageHeaders } from '../paging/set-page-headers.ts'
import { projectOf } from '../schema/schema-routes.ts'
import { readDocument, SUMMARY_COLUMNS, toPlanSummary } from './plan-store.ts'

export function registerPlanRoutes(app: FastifyInstance, deps: Deps): void {
  const mount = { service: 'dbdevops-service', ...deps } as const
  const { prisma } = deps
  registerRoute(app, listPlans, {
    ...mount,
    handler: async ({ actor, params, query, reply }) => {
      const ref = projectOf(actor, params)
      const { instance } = await findInstance(prisma, ref, params.schema, params.instance)
      const where = { accountId: ref.accountId, instanceId: instance.id, executionId: query.planExecutionId }
      const [rows, total] = await Promise.all([
        prisma.plan.findMany({
          where,
          select: SUMMARY_COLUMNS,
          orderBy: [{ createdAt: 'desc' }, { attemptId: 'desc' }],
          skip: query.page * query.limit,
          take: query.limit,
        }),
        prisma.plan.count({ where }),
      ])
      setPageHeaders(reply, query, total)
      return rows.map((row) => toPlanSummary(row, params))
    },
  })
  registerRoute(app, getPlan, {
    ...mount,
    handler: async ({ actor, params }) => {
      const ref = projectOf(actor, params)
      const { instance } = await findInstance(prisma, ref, params.schema, params.instance)
      const row = await prisma.plan.findFirst({
        where: { accountId: ref.accountId, instanceId: instance.id, hash: params.hash },
        orderBy: [{ createdAt: 'desc' }, { attemptId: 'desc' }],
      })
      if (row === null) {
        throw new AppError(
          'ENTITY_NOT_FOUND',
          `Instance "${params.instance}" has no plan "${params.hash}". Run a preview step, or look at the list of plans.`,
        )
      }
      return { ...toPlanSummary(row, params), plan: readDocument(row) }
    },
  })
}

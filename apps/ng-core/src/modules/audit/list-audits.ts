import { AuditEvent } from '@sluice/contracts/audit'
import type { listAudits as contract, StoredAuditEvent } from '@sluice/contracts/audit-routes'
import { toPage, type RouteBody, type RouteQuery } from '@sluice/contracts/routes'
import type { Deps } from '../../deps.ts'

/** Audit events of an account, newest first. */
export async function listAudits(
  deps: Pick<Deps, 'prisma'>,
  accountId: string,
  filter: RouteBody<typeof contract>,
  page: RouteQuery<typeof contract>,
) {
  const where = {
    accountId,
    ...(filter.actions === undefined ? {} : { action: { in: filter.actions } }),
    ...(filter.resourceTypes === undefined ? {} : { resourceType: { in: filter.resourceTypes } }),
    ...(filter.resourceIdentifier === undefined ? {} : { resourceIdentifier: filter.resourceIdentifier }),
    ...(filter.principalIds === undefined ? {} : { principalId: { in: filter.principalIds } }),
    ...(filter.orgIdentifier === undefined ? {} : { orgIdentifier: filter.orgIdentifier }),
    ...(filter.projectIdentifier === undefined ? {} : { projectIdentifier: filter.projectIdentifier }),
    ...(filter.startTime === undefined && filter.endTime === undefined
      ? {}
      : {
          time: {
            ...(filter.startTime === undefined ? {} : { gte: new Date(filter.startTime) }),
            ...(filter.endTime === undefined ? {} : { lte: new Date(filter.endTime) }),
          },
        }),
  }
  const [rows, total] = await Promise.all([
    deps.prisma.auditEvent.findMany({
      where,
      orderBy: { sequence: 'desc' },
      skip: page.pageIndex * page.pageSize,
      take: page.pageSize,
    }),
    deps.prisma.auditEvent.count({ where }),
  ])
  const content = rows.map((row): StoredAuditEvent => {
    const event = AuditEvent.parse(JSON.parse(row.event))
    return {
      auditId: row.id,
      module: row.module,
      sequence: Number(row.sequence),
      hash: row.hash,
      insertedAt: row.insertedAt.getTime(),
      action: event.action,
      resource: event.resource,
      scope: event.scope,
      principal: event.principal,
      source: event.source,
      before: event.before,
      after: event.after,
      time: event.time,
    }
  })
  return toPage(content, total, page)
}

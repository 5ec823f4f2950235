import { AuditEvent } from '@sluice/contracts/audit'
import type { AuditFilter, listAudits as contract, StoredAuditEvent } from '@sluice/contracts/audit-routes'
import { toPage, type RouteQuery } from '@sluice/contracts/routes'
import type { Deps } from '../../deps.ts'

interface AuditRow {
  id: string
  module: string
  sequence: bigint
  hash: string
  insertedAt: Date
  event: string
}

/** Conditions of a filter, in one account. */
export function auditsWhere(accountId: string, filter: AuditFilter) {
  return {
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
    ...(filter.searchTerm === undefined
      ? {}
      : { event: { contains: searchIn(filter.searchTerm), mode: 'insensitive' as const } }),
  }
}

/** The stored text is JSON, where quotes and backslashes stand escaped; what LIKE takes for a pattern is escaped, too. */
function searchIn(term: string): string {
  return JSON.stringify(term)
    .slice(1, -1)
    .replaceAll(/[\\%_]/g, String.raw`\$&`)
}

/** A stored row as it is told. */
export function toStoredAudit(row: AuditRow): StoredAuditEvent {
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
}

/** Audit events of an account, newest first. */
export async function listAudits(
  deps: Pick<Deps, 'prisma'>,
  accountId: string,
  filter: AuditFilter,
  page: RouteQuery<typeof contract>,
) {
  const where = auditsWhere(accountId, filter)
  const [rows, total] = await Promise.all([
    deps.prisma.auditEvent.findMany({
      where,
      orderBy: { sequence: 'desc' },
      skip: page.pageIndex * page.pageSize,
      take: page.pageSize,
    }),
    deps.prisma.auditEvent.count({ where }),
  ])
  return toPage(rows.map(toStoredAudit), total, page)
}

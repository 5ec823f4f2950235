import { AUDIT_ACTIONS } from '@sluice/contracts/audit'
import type { Deps } from '../../deps.ts'

/** More than there are types; people are found by name in the list of users beyond that. */
const PRINCIPALS_MAX = 500

/** What occurs in an account's audit events. */
export async function getAuditFilters(deps: Pick<Deps, 'prisma'>, accountId: string) {
  const [types, actions, people] = await Promise.all([
    deps.prisma.auditEvent.groupBy({ by: ['resourceType'], where: { accountId }, orderBy: { resourceType: 'asc' } }),
    deps.prisma.auditEvent.groupBy({ by: ['action'], where: { accountId } }),
    deps.prisma.auditEvent.groupBy({
      by: ['principalId'],
      where: { accountId },
      orderBy: { principalId: 'asc' },
      take: PRINCIPALS_MAX,
    }),
  ])
  const ids = people.map(({ principalId }) => principalId)
  const users = await deps.prisma.user.findMany({
    where: { accountId, id: { in: ids } },
    select: { id: true, name: true },
  })
  const occurring = new Set(actions.map(({ action }) => action))
  return {
    actions: AUDIT_ACTIONS.filter((action) => occurring.has(action)),
    resourceTypes: types.map(({ resourceType }) => resourceType),
    principals: ids.map((id) => ({ id, name: users.find((user) => user.id === id)?.name })),
  }
}

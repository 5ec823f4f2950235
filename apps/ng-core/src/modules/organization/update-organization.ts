import type { Organization, updateOrganization as contract } from '@sluice/contracts/organizations'
import type { RouteBody } from '@sluice/contracts/routes'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound, requireVersion, versionConflict } from '../scope/entity-errors.ts'
import { toOrganization } from './to-organization.ts'

/** @throws AppError ENTITY_NOT_FOUND, VERSION_CONFLICT */
export async function updateOrganization(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  identifier: string,
  input: RouteBody<typeof contract>['organization'],
): Promise<Organization> {
  const { accountId } = actor
  const { version, ...change } = input
  return deps.prisma.$transaction(async (tx) => {
    const where = { accountId_identifier: { accountId, identifier } }
    const before = await tx.organization.findUnique({ where })
    if (before === null) throw notFound('organisation', identifier)
    requireVersion('organisation', identifier, before.version, version)
    const { count } = await tx.organization.updateMany({
      where: { accountId, identifier, version: before.version },
      data: { ...change, version: { increment: 1 } },
    })
    if (count === 0) throw versionConflict('organisation', identifier)
    const after = toOrganization(await tx.organization.findUniqueOrThrow({ where }))
    await appendAudit(tx, actor, {
      action: 'UPDATE',
      resource: { type: 'organization', identifier, name: after.name },
      scope: { orgIdentifier: identifier },
      before: toOrganization(before),
      after,
    })
    return after
  })
}

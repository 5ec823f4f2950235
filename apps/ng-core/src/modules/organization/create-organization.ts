import type { createOrganization as contract, Organization } from '@sluice/contracts/organizations'
import type { RouteBody } from '@sluice/contracts/routes'
import { mapUniqueViolation, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { duplicate } from '../scope/entity-errors.ts'
import { toOrganization } from './to-organization.ts'

/** @throws AppError DUPLICATE_IDENTIFIER */
export async function createOrganization(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  input: RouteBody<typeof contract>['organization'],
): Promise<Organization> {
  try {
    return await deps.prisma.$transaction(async (tx) => {
      const row = await tx.organization.create({ data: { accountId: actor.accountId, ...input } })
      const organization = toOrganization(row)
      await appendAudit(tx, actor, {
        action: 'CREATE',
        resource: { type: 'organization', identifier: row.identifier, name: row.name },
        scope: { orgIdentifier: row.identifier },
        after: organization,
      })
      return organization
    })
  } catch (error) {
    return mapUniqueViolation(error, duplicate('organisation', input.identifier))
  }
}

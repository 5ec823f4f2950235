import {
  createOrganization as createContract,
  getOrganization as getContract,
  listOrganizations as listContract,
  updateOrganization as updateContract,
} from '@sluice/contracts/organizations'
import type { Mount } from '../../routes.ts'
import { notFound } from '../scope/entity-errors.ts'
import { createOrganization } from './create-organization.ts'
import { listOrganizations } from './list-organizations.ts'
import { toOrganization } from './to-organization.ts'
import { updateOrganization } from './update-organization.ts'

export function mountOrganizationRoutes({ route, deps }: Mount): void {
  route(createContract, async ({ actor, body }) => ({
    organization: await createOrganization(deps, actor, body.organization),
  }))
  route(listContract, ({ actor, query }) => listOrganizations(deps, actor, query))
  route(getContract, async ({ actor, params }) => {
    const row = await deps.prisma.organization.findUnique({
      where: { accountId_identifier: { accountId: actor.accountId, identifier: params.orgIdentifier } },
    })
    if (row === null) throw notFound('organisation', params.orgIdentifier)
    return { organization: toOrganization(row) }
  })
  route(updateContract, async ({ actor, params, body }) => ({
    organization: await updateOrganization(deps, actor, params.orgIdentifier, body.organization),
  }))
}

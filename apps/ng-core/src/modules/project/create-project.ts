import type { createProject as contract, Project } from '@sluice/contracts/projects'
import type { RouteBody } from '@sluice/contracts/routes'
import { AppError } from '@sluice/contracts/errors'
import { mapUniqueViolation, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { duplicate } from '../scope/entity-errors.ts'
import { requireScope } from '../scope/require-scope.ts'
import { toProject } from './to-project.ts'

/** @throws AppError DUPLICATE_IDENTIFIER; ENTITY_NOT_FOUND for the organisation */
export async function createProject(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  orgIdentifier: string,
  input: RouteBody<typeof contract>['project'],
): Promise<Project> {
  if (input.orgIdentifier !== undefined && input.orgIdentifier !== orgIdentifier) {
    throw new AppError(
      'INVALID_REQUEST',
      `The query names the organisation "${orgIdentifier}" and the body "${input.orgIdentifier}". Name the same in both.`,
    )
  }
  try {
    return await deps.prisma.$transaction(async (tx) => {
      await requireScope(tx, { accountId: actor.accountId, orgIdentifier })
      const project = toProject(
        await tx.project.create({ data: { ...input, accountId: actor.accountId, orgIdentifier } }),
      )
      await appendAudit(tx, actor, {
        action: 'CREATE',
        resource: { type: 'project', identifier: project.identifier, name: project.name },
        scope: { orgIdentifier, projectIdentifier: project.identifier },
        after: project,
      })
      return project
    })
  } catch (error) {
    return mapUniqueViolation(error, duplicate('project', input.identifier, { orgIdentifier }))
  }
}

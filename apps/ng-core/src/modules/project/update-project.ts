import type { Project, updateProject as contract } from '@sluice/contracts/projects'
import type { RouteBody } from '@sluice/contracts/routes'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { notFound, requireVersion, versionConflict } from '../scope/entity-errors.ts'
import { toProject } from './to-project.ts'

/** @throws AppError ENTITY_NOT_FOUND, VERSION_CONFLICT */
export async function updateProject(
  deps: Pick<Deps, 'prisma'>,
  actor: Actor,
  orgIdentifier: string,
  identifier: string,
  input: RouteBody<typeof contract>['project'],
): Promise<Project> {
  const { accountId } = actor
  const { version, ...change } = input
  return deps.prisma.$transaction(async (tx) => {
    const where = { accountId_orgIdentifier_identifier: { accountId, orgIdentifier, identifier } }
    const before = await tx.project.findUnique({ where })
    if (before === null) throw notFound('project', identifier, { orgIdentifier })
    requireVersion('project', identifier, before.version, version)
    const { count } = await tx.project.updateMany({
      where: { accountId, orgIdentifier, identifier, version: before.version },
      data: { ...change, version: { increment: 1 } },
    })
    if (count === 0) throw versionConflict('project', identifier)
    const after = toProject(await tx.project.findUniqueOrThrow({ where }))
    await appendAudit(tx, actor, {
      action: 'UPDATE',
      resource: { type: 'project', identifier, name: after.name },
      scope: { orgIdentifier, projectIdentifier: identifier },
      before: toProject(before),
      after,
    })
    return after
  })
}

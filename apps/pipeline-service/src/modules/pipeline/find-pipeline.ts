import { AppError } from '@sluice/contracts/errors'
import type { Deps } from '../../deps.ts'
import type { Pipeline } from '../../generated/prisma/client.ts'
import type { ProjectScope } from '../project-scope.ts'

/** The pipeline of this project. Throws ENTITY_NOT_FOUND, also for another tenant's. */
export async function findPipeline(
  deps: Pick<Deps, 'prisma'>,
  scope: ProjectScope,
  identifier: string,
): Promise<Pipeline> {
  const row = await deps.prisma.pipeline.findUnique({
    where: { accountId_orgIdentifier_projectIdentifier_identifier: { ...scope, identifier } },
  })
  if (row !== null) return row
  throw new AppError(
    'ENTITY_NOT_FOUND',
    `There is no pipeline "${identifier}" in project "${scope.orgIdentifier}/${scope.projectIdentifier}".`,
  )
}

import { AppError } from '@sluice/contracts/errors'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { loadStored, type LoadedExecution } from './execution-store.ts'

/** The execution with its nodes. Throws ENTITY_NOT_FOUND, also for another tenant's or another project's. */
export async function findExecution(
  deps: Pick<Deps, 'prisma'>,
  scope: ProjectScope,
  executionId: string,
): Promise<LoadedExecution> {
  const loaded = await loadStored(deps.prisma, scope.accountId, executionId)
  const { orgIdentifier, projectIdentifier } = loaded?.execution ?? {}
  if (loaded !== undefined && orgIdentifier === scope.orgIdentifier && projectIdentifier === scope.projectIdentifier)
    return loaded
  throw new AppError(
    'ENTITY_NOT_FOUND',
    `There is no execution "${executionId}" in project "${scope.orgIdentifier}/${scope.projectIdentifier}".`,
  )
}

import { AppError } from '@sluice/contracts/errors'
import { recordAudit, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { findPipeline } from './find-pipeline.ts'

/** Deletes a pipeline; its executions stay. Refused with INVALID_STATE while one runs. */
export async function deletePipeline(deps: Deps, actor: Actor, scope: ProjectScope, identifier: string): Promise<void> {
  const before = await findPipeline(deps, scope, identifier)
  const running = await deps.prisma.execution.count({
    where: { ...scope, pipelineIdentifier: identifier, endedAt: null },
  })
  if (running > 0) {
    throw new AppError(
      'INVALID_STATE',
      `Pipeline "${identifier}" has ${running} running execution(s). Abort them or wait, then delete it.`,
    )
  }
  await deps.transact(async (tx) => {
    await tx.pipeline.deleteMany({ where: { ...scope, identifier } })
    await recordAudit(tx, {
      actor,
      action: 'DELETE',
      resource: { type: 'PIPELINE', identifier, name: before.name },
      scope,
      before: { yaml: before.yaml },
    })
  })
}

import { AppError } from '@sluice/contracts/errors'
import { recordAudit, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import type { ProjectScope } from '../project-scope.ts'
import { advanceStored } from './advance-execution.ts'
import { findExecution } from './find-execution.ts'

/**
 * Asks a running execution to stop: the running statement is cancelled on the server and waited for, the pod removed.
 * Throws ENTITY_NOT_FOUND, or INVALID_STATE where it has ended already.
 */
export async function abortExecution(
  deps: Deps,
  actor: Actor,
  scope: ProjectScope,
  executionId: string,
): Promise<void> {
  const { execution } = await findExecution(deps, scope, executionId)
  if (execution.endedAt !== null) {
    throw new AppError(
      'INVALID_STATE',
      `Execution "${executionId}" has ended already (${execution.status}); there is nothing to abort.`,
    )
  }
  const after = await deps.transact(async (tx) => {
    await recordAudit(tx, {
      actor,
      action: 'ABORT',
      resource: { type: 'EXECUTION', identifier: executionId, name: execution.pipelineName },
      scope,
    })
    return advanceStored(deps, tx, scope.accountId, executionId, [
      { type: 'abortRequested', at: deps.now(), by: actor.principal.name },
    ])
  })
  await after?.()
}

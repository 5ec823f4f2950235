import type { StepInputs } from '@sluice/contracts/dbops'
import { AppError, isAppError } from '@sluice/contracts/errors'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { findInstance, toInstanceOut } from '../instance/instance-store.ts'
import { inProject, toSchemaOut, type ProjectRef } from '../schema/schema-store.ts'

/**
 * Schema, instance and the plan previewed in this execution, in one answer.
 * @throws AppError REFERENCE_NOT_FOUND (the reference is the step's), ACCESS_DENIED
 */
export async function readStepInputs(
  deps: Pick<Deps, 'prisma' | 'access'>,
  actor: Actor,
  ref: ProjectRef,
  wanted: { dbSchema: string; dbInstance: string; executionId?: string | undefined },
): Promise<StepInputs> {
  await deps.access.require(actor, 'dbops_schema_view', inProject(ref))
  await deps.access.require(actor, 'dbops_instance_view', inProject(ref))
  try {
    const { schema, instance } = await findInstance(deps.prisma, ref, wanted.dbSchema, wanted.dbInstance)
    const preview =
      wanted.executionId === undefined
        ? null
        : await deps.prisma.plan.findFirst({
            where: { accountId: ref.accountId, instanceId: instance.id, executionId: wanted.executionId },
            orderBy: [{ createdAt: 'desc' }, { attemptId: 'desc' }],
            select: { hash: true, commitSha: true, attemptId: true },
          })
    return {
      schemaId: schema.id,
      instanceId: instance.id,
      schema: toSchemaOut(schema),
      instance: toInstanceOut(instance),
      ...(preview === null
        ? {}
        : { preview: { hash: preview.hash, commit: preview.commitSha ?? undefined, attemptId: preview.attemptId } }),
    }
  } catch (error) {
    if (!isAppError(error) || error.code !== 'ENTITY_NOT_FOUND') throw error
    throw new AppError('REFERENCE_NOT_FOUND', error.message, { cause: error })
  }
}

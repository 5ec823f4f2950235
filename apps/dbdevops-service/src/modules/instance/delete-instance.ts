import { AppError } from '@sluice/contracts/errors'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { audited } from '../audit/audited.ts'
import { inProject, type ProjectRef } from '../schema/schema-store.ts'
import { removeLostChangesets } from '../step/store-changesets.ts'
import { findInstance, toInstanceOut } from './instance-store.ts'

/** Deletes an instance with its states, plans and reports. @throws AppError ENTITY_NOT_FOUND, ENTITY_IN_USE */
export async function deleteInstance(
  deps: Pick<Deps, 'prisma' | 'queues'>,
  actor: Actor,
  ref: ProjectRef & { schema: string; instance: string },
): Promise<void> {
  await audited(deps, actor, async (tx) => {
    const { schema, instance } = await findInstance(tx, ref, ref.schema, ref.instance)
    if (schema.primaryInstance === instance.identifier) {
      throw new AppError(
        'ENTITY_IN_USE',
        `Instance "${instance.identifier}" is the primary instance of DB schema "${schema.identifier}". Choose another primary instance first.`,
      )
    }
    await tx.dbInstance.delete({ where: { accountId_id: { accountId: ref.accountId, id: instance.id } } })
    await removeLostChangesets(tx, ref.accountId, schema.id)
    return {
      result: undefined,
      event: {
        action: 'DELETE',
        resource: { type: 'DB_INSTANCE', identifier: `${ref.schema}/${instance.identifier}`, name: instance.name },
        scope: inProject(ref),
        before: toInstanceOut(instance),
      },
    }
  })
}

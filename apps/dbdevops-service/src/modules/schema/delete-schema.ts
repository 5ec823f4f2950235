import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { audited } from '../audit/audited.ts'
import { findSchema, inProject, toSchemaOut, type ProjectRef } from './schema-store.ts'

/** Deletes a schema with its instances, their states, plans and reports. @throws AppError ENTITY_NOT_FOUND */
export async function deleteSchema(
  deps: Pick<Deps, 'prisma' | 'queues'>,
  actor: Actor,
  ref: ProjectRef,
  identifier: string,
): Promise<void> {
  await audited(deps, actor, async (tx) => {
    const row = await findSchema(tx, ref, identifier)
    await tx.dbSchema.delete({ where: { accountId_id: { accountId: ref.accountId, id: row.id } } })
    return {
      result: undefined,
      event: {
        action: 'DELETE',
        resource: { type: 'DB_SCHEMA', identifier, name: row.name },
        scope: inProject(ref),
        before: toSchemaOut(row),
      },
    }
  })
}

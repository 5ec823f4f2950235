import type { DbSchemaOut, DbSchemaUpdate } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { audited } from '../audit/audited.ts'
import { checkSchema } from './check-schema.ts'
import { findSchema, inProject, toSchemaOut, withInstanceCount, type ProjectRef } from './schema-store.ts'

const IMMUTABLE = ['identifier', 'type', 'migrationType'] as const

/** @throws AppError ENTITY_NOT_FOUND, VERSION_CONFLICT, INVALID_REQUEST */
export async function updateSchema(
  deps: Pick<Deps, 'prisma' | 'queues'>,
  actor: Actor,
  ref: ProjectRef,
  identifier: string,
  input: DbSchemaUpdate,
): Promise<DbSchemaOut> {
  return audited(deps, actor, async (tx) => {
    const row = await findSchema(tx, ref, identifier)
    const before = toSchemaOut(row)
    for (const field of IMMUTABLE) {
      const wanted = input[field]
      if (wanted !== undefined && wanted !== before[field]) {
        throw new AppError(
          'INVALID_REQUEST',
          `The ${field} of DB schema "${identifier}" is "${before[field]}" and can't become "${wanted}". Create another schema instead.`,
        )
      }
    }
    const expected = input.version ?? before.version
    const changelog = checkSchema({ ...before, ...input })
    if (input.primaryDbInstanceId !== undefined) {
      const found = await tx.dbInstance.count({
        where: { accountId: ref.accountId, schemaId: row.id, identifier: input.primaryDbInstanceId },
      })
      if (found === 0) {
        throw new AppError(
          'REFERENCE_NOT_FOUND',
          `primaryDbInstanceId names "${input.primaryDbInstanceId}", but DB schema "${identifier}" has no such instance.`,
        )
      }
    }
    const { count } = await tx.dbSchema.updateMany({
      where: { accountId: ref.accountId, id: row.id, version: expected },
      data: {
        name: input.name,
        tags: input.tags,
        changelog,
        service: input.service,
        primaryInstance: input.primaryDbInstanceId,
        version: { increment: 1 },
        updatedAt: new Date(),
      },
    })
    if (count === 0) {
      throw new AppError(
        'VERSION_CONFLICT',
        `DB schema "${identifier}" was changed by somebody else (your version: ${expected}). Read it again and repeat your change.`,
      )
    }
    const changed = await tx.dbSchema.findUniqueOrThrow({
      where: { accountId_id: { accountId: ref.accountId, id: row.id } },
      include: withInstanceCount,
    })
    const after = toSchemaOut(changed)
    return {
      result: after,
      event: {
        action: 'UPDATE',
        resource: { type: 'DB_SCHEMA', identifier, name: after.name },
        scope: inProject(ref),
        before,
        after,
      },
    }
  })
}

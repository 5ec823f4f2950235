import type { DbSchemaIn, DbSchemaOut } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { newId } from '@sluice/contracts/ids'
import { mapUniqueViolation, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { audited } from '../audit/audited.ts'
import { checkSchema } from './check-schema.ts'
import { inProject, toSchemaOut, withInstanceCount, type ProjectRef } from './schema-store.ts'

/** Stores a new schema. @throws AppError INVALID_REQUEST, DUPLICATE_IDENTIFIER */
export async function createSchema(
  deps: Pick<Deps, 'prisma' | 'queues'>,
  actor: Actor,
  ref: ProjectRef,
  input: DbSchemaIn,
): Promise<DbSchemaOut> {
  const changelog = checkSchema(input)
  const now = new Date()
  try {
    return await audited(deps, actor, async (tx) => {
      const row = await tx.dbSchema.create({
        data: {
          ...inProject(ref),
          id: newId('sch'),
          identifier: input.identifier,
          name: input.name,
          tags: input.tags,
          type: input.type,
          migrationType: input.migrationType,
          changelog,
          service: input.service,
          createdAt: now,
          updatedAt: now,
        },
        include: withInstanceCount,
      })
      const after = toSchemaOut(row)
      return {
        result: after,
        event: {
          action: 'CREATE',
          resource: { type: 'DB_SCHEMA', identifier: input.identifier, name: input.name },
          scope: inProject(ref),
          after,
        },
      }
    })
  } catch (error) {
    return mapUniqueViolation(
      error,
      new AppError(
        'DUPLICATE_IDENTIFIER',
        `A DB schema "${input.identifier}" exists already in project "${ref.org}/${ref.project}". Choose another identifier.`,
      ),
    )
  }
}

import type { DbInstanceIn, DbInstanceOut } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { newId } from '@sluice/contracts/ids'
import { mapUniqueViolation, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { audited } from '../audit/audited.ts'
import { findSchema, inProject, type ProjectRef } from '../schema/schema-store.ts'
import { checkInstance } from './check-instance.ts'
import { toInstanceOut } from './instance-store.ts'

/** Stores a new instance of a schema. @throws AppError ENTITY_NOT_FOUND, INVALID_REQUEST, DUPLICATE_IDENTIFIER */
export async function createInstance(
  deps: Pick<Deps, 'prisma' | 'queues'>,
  actor: Actor,
  ref: ProjectRef & { schema: string },
  input: DbInstanceIn,
): Promise<DbInstanceOut> {
  checkInstance(input)
  const now = new Date()
  try {
    return await audited(deps, actor, async (tx) => {
      const schema = await findSchema(tx, ref, ref.schema)
      const row = await tx.dbInstance.create({
        data: {
          accountId: ref.accountId,
          id: newId('ins'),
          schemaId: schema.id,
          identifier: input.identifier,
          name: input.name,
          tags: input.tags,
          connector: input.connector,
          branch: input.branch,
          gitTag: input.gitTag,
          commitSha: input.commitSha,
          context: input.context,
          labels: input.labels,
          properties: input.substituteProperties,
          databaseName: input.database,
          defaultSchema: input.schema,
          createdAt: now,
          updatedAt: now,
        },
      })
      const after = toInstanceOut(row)
      return {
        result: after,
        event: {
          action: 'CREATE',
          resource: { type: 'DB_INSTANCE', identifier: `${ref.schema}/${input.identifier}`, name: input.name },
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
        `DB schema "${ref.schema}" has an instance "${input.identifier}" already. Choose another identifier.`,
      ),
    )
  }
}

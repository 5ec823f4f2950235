import type { DbInstanceOut, DbInstanceUpdate } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { audited } from '../audit/audited.ts'
import { inProject, type ProjectRef } from '../schema/schema-store.ts'
import { checkInstance, mergeRefs } from './check-instance.ts'
import { findInstance, toInstanceOut } from './instance-store.ts'

/** @throws AppError ENTITY_NOT_FOUND, VERSION_CONFLICT, INVALID_REQUEST */
export async function updateInstance(
  deps: Pick<Deps, 'prisma' | 'queues'>,
  actor: Actor,
  ref: ProjectRef & { schema: string; instance: string },
  input: DbInstanceUpdate,
): Promise<DbInstanceOut> {
  return audited(deps, actor, async (tx) => {
    const { instance: row } = await findInstance(tx, ref, ref.schema, ref.instance)
    if (input.identifier !== undefined && input.identifier !== ref.instance) {
      throw new AppError(
        'INVALID_REQUEST',
        `The identifier of instance "${ref.instance}" can't become "${input.identifier}". Create another instance instead.`,
      )
    }
    const refs = mergeRefs(row, input)
    checkInstance(refs)
    const expected = input.version ?? row.version
    const where = { accountId: ref.accountId, id: row.id }
    const { count } = await tx.dbInstance.updateMany({
      where: { ...where, version: expected },
      data: {
        name: input.name,
        tags: input.tags,
        connector: input.connector,
        branch: refs.branch,
        gitTag: refs.gitTag,
        commitSha: refs.commitSha,
        context: input.context,
        labels: input.labels,
        properties: input.substituteProperties,
        databaseName: input.database,
        defaultSchema: input.schema,
        version: { increment: 1 },
        updatedAt: new Date(),
      },
    })
    if (count === 0) {
      throw new AppError(
        'VERSION_CONFLICT',
        `Instance "${ref.instance}" was changed by somebody else (your version: ${expected}). Read it again and repeat your change.`,
      )
    }
    const after = toInstanceOut(await tx.dbInstance.findUniqueOrThrow({ where: { accountId_id: where } }))
    return {
      result: after,
      event: {
        action: 'UPDATE',
        resource: { type: 'DB_INSTANCE', identifier: `${ref.schema}/${ref.instance}`, name: after.name },
        scope: inProject(ref),
        before: toInstanceOut(row),
        after,
      },
    }
  })
}

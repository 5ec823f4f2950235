import type { DbSchemaOut, EntityListQuery, MigrationType } from '@sluice/contracts/dbops'
import type { Deps } from '../../deps.ts'
import { entityOrder, matchingTerm } from '../paging/entity-order.ts'
import { inProject, toSchemaOut, withInstanceCount, type ProjectRef } from './schema-store.ts'

/** One page of a project's schemas, and how many there are. */
export async function listSchemas(
  deps: Pick<Deps, 'prisma'>,
  ref: ProjectRef,
  query: EntityListQuery & { migrationType?: MigrationType | undefined },
): Promise<{ items: DbSchemaOut[]; total: number }> {
  const where = { ...inProject(ref), ...matchingTerm(query.search_term), migrationType: query.migrationType }
  const [rows, total] = await Promise.all([
    deps.prisma.dbSchema.findMany({
      where,
      include: withInstanceCount,
      orderBy: entityOrder(query),
      skip: query.page * query.limit,
      take: query.limit,
    }),
    deps.prisma.dbSchema.count({ where }),
  ])
  return { items: rows.map(toSchemaOut), total }
}

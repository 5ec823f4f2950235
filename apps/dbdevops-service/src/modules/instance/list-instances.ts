import type { DbInstanceFilter, DbInstanceOut, EntityListQuery } from '@sluice/contracts/dbops'
import type { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import { entityOrder, matchingTerm } from '../paging/entity-order.ts'
import { findSchema, type ProjectRef } from '../schema/schema-store.ts'
import { toInstanceOut } from './instance-store.ts'

/** Equals: carries every tag. NotEquals: carries none of them. */
async function byTags(
  deps: Pick<Deps, 'prisma'>,
  owner: { accountId: string; schemaId: string },
  filter: z.infer<typeof DbInstanceFilter>,
): Promise<Prisma.DbInstanceWhereInput> {
  const carries = filter.instanceTags.map(({ key, value }) => ({ tags: { path: [key], equals: value } }))
  if (carries.length === 0) return {}
  if (filter.filterType === 'Equals') return { AND: carries }
  // "Not equal" of an absent key is null in SQL and would lose rows without the tag: those that carry it are named.
  const carriers = await deps.prisma.dbInstance.findMany({ where: { ...owner, OR: carries }, select: { id: true } })
  return { id: { notIn: carriers.map(({ id }) => id) } }
}

/** One page of a schema's instances, and how many match. @throws AppError ENTITY_NOT_FOUND */
export async function listInstances(
  deps: Pick<Deps, 'prisma'>,
  ref: ProjectRef & { schema: string },
  query: EntityListQuery,
  filter: z.infer<typeof DbInstanceFilter>,
): Promise<{ items: DbInstanceOut[]; total: number }> {
  const schema = await findSchema(deps.prisma, ref, ref.schema)
  const owner = { accountId: ref.accountId, schemaId: schema.id }
  const where: Prisma.DbInstanceWhereInput = {
    AND: [owner, matchingTerm(query.search_term), await byTags(deps, owner, filter)],
  }
  const [rows, total] = await Promise.all([
    deps.prisma.dbInstance.findMany({
      where,
      orderBy: entityOrder(query),
      skip: query.page * query.limit,
      take: query.limit,
    }),
    deps.prisma.dbInstance.count({ where }),
  ])
  return { items: rows.map(toInstanceOut), total }
}

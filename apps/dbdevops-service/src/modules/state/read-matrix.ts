import type { getMigrationState, MigrationState } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import type { RouteBody, RouteQuery } from '@sluice/contracts/routes'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { DbInstance } from '../../generated/prisma/client.ts'
import { findSchema, type ProjectRef } from '../schema/schema-store.ts'
import { PUBLISHED_STATUS } from './published-status.ts'
import { StateRow, updatedAt } from './state-row.ts'

/** Instances shown at once, when none are named. */
const INSTANCES_MAX = 100

const COLUMNS = { name: 'name', updated: 'updatedAt', created: 'createdAt', identifier: 'identifier' } as const

const ChangesetRow = z.object({ changeset_key: z.string(), total: z.coerce.number() })

type Body = RouteBody<typeof getMigrationState>
type Query = RouteQuery<typeof getMigrationState>

async function chooseInstances(
  deps: Pick<Deps, 'prisma'>,
  owner: { accountId: string; schemaId: string },
  schemaIdentifier: string,
  filter: Body['instanceFilter'],
): Promise<DbInstance[]> {
  const direction = filter.order === 'ASC' ? 'asc' : 'desc'
  const named = filter.instances.length > 0
  const rows = await deps.prisma.dbInstance.findMany({
    where: { ...owner, ...(named ? { identifier: { in: filter.instances } } : {}) },
    orderBy: [{ [COLUMNS[filter.sort]]: direction }, { id: direction }],
    take: INSTANCES_MAX,
  })
  const missing = filter.instances.find((identifier) => rows.every((row) => row.identifier !== identifier))
  if (missing === undefined) return rows
  throw new AppError('ENTITY_NOT_FOUND', `DB schema "${schemaIdentifier}" has no instance "${missing}".`)
}

/**
 * Changesets × instances, one page of changesets in the order of the changelog. A changeset that a database was never
 * looked at for has no cell there.
 * @throws AppError ENTITY_NOT_FOUND
 */
export async function readMatrix(
  deps: Pick<Deps, 'prisma' | 'pool'>,
  ref: ProjectRef & { schema: string },
  query: Query,
  body: Body,
): Promise<{ matrix: MigrationState; total: number }> {
  const schema = await findSchema(deps.prisma, ref, ref.schema)
  const owner = { accountId: ref.accountId, schemaId: schema.id }
  const instances = await chooseInstances(deps, owner, schema.identifier, body.instanceFilter)
  const instanceIds = instances.map(({ id }) => id)
  const direction = query.order === 'ASC' ? 'asc' : 'desc'
  const keys = await deps.pool.query(
    `select changeset_key, count(*) over () as total
       from changeset_state
      where account_id = $1 and instance_id = any($2)
      group by changeset_key
      order by min(position) ${direction}, changeset_key ${direction}
      limit $3 offset $4`,
    [ref.accountId, instanceIds, query.limit, query.page * query.limit],
  )
  const page = keys.rows.map((row) => ChangesetRow.parse(row))
  const cells = await deps.pool.query(
    'select * from changeset_state where account_id = $1 and instance_id = any($2) and changeset_key = any($3)',
    [ref.accountId, instanceIds, page.map(({ changeset_key: key }) => key)],
  )
  const byKey = Map.groupBy(
    cells.rows.map((row) => StateRow.parse(row)),
    (row) => row.changeset_key,
  )
  return {
    total: page[0]?.total ?? 0,
    matrix: {
      schema: schema.identifier,
      instances: instances.map(({ identifier, name }) => ({ identifier, name })),
      changeSets: page.flatMap(({ changeset_key: key }) => {
        const rows = byKey.get(key) ?? []
        return rows.length === 0 ? [] : [toMatrixRow(rows, instances)]
      }),
    },
  }
}

function toMatrixRow(rows: StateRow[], instances: DbInstance[]): MigrationState['changeSets'][number] {
  const [first] = rows
  const statuses = new Set(rows.map((row) => PUBLISHED_STATUS[row.state]))
  return {
    changeSet: first?.changeset_id ?? '',
    author: first?.author ?? '',
    fileName: first?.path ?? '',
    synced: rows.length === instances.length && statuses.size === 1,
    updated: Math.max(...rows.map(updatedAt)),
    instances: instances.flatMap((instance) => {
      const row = rows.find((candidate) => candidate.instance_id === instance.id)
      if (row === undefined) return []
      return [
        {
          instance: instance.identifier,
          status: PUBLISHED_STATUS[row.state],
          state: row.state,
          updated: updatedAt(row),
          error: row.error ?? undefined,
          tag: row.tag ?? undefined,
          checksum: row.checksum ?? undefined,
          orderExecuted: row.order_executed ?? undefined,
          provenance: {
            source: row.source,
            pipeline: row.pipeline,
            planExecutionId: row.execution_id,
            attemptId: row.attempt_id,
            seenAt: row.seen_at.getTime(),
          },
        },
      ]
    }),
  }
}

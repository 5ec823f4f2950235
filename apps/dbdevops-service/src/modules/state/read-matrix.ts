import type { getMigrationState, MigrationState } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import type { RouteBody, RouteQuery } from '@sluice/contracts/routes'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { DbInstance } from '../../generated/prisma/client.ts'
import { findSchema, type ProjectRef } from '../schema/schema-store.ts'
import { changesetKey } from '../step/changeset-rows.ts'
import { PUBLISHED_STATUS } from './published-status.ts'
import { toInstanceOverview } from './instance-overview.ts'
import { seenBy, StateRow } from './state-row.ts'

/** Instances shown at once, when none are named. */
const INSTANCES_MAX = 100

const COLUMNS = { name: 'name', updated: 'updatedAt', created: 'createdAt', identifier: 'identifier' } as const

/** A state without what takes time in thousands of rows: dates. */
const Cell = StateRow.omit({ deployed_at: true, seen_at: true, text_hash: true }).extend({
  deployed_ms: z.number().nullable(),
  seen_ms: z.number(),
})
type Cell = z.infer<typeof Cell>

/** When the database ran the changeset, else when it was looked at; epoch ms. */
function updatedAt(cell: Cell): number {
  return Math.round(cell.deployed_ms ?? cell.seen_ms)
}

const PageRow = z.object({ changeset_key: z.string() })
const TotalRow = z.object({ total: z.coerce.number() })

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
  // oxlint-disable-next-line no-underscore-dangle -- Prisma's own name
  const showsAll = instances.length === schema._count.instances
  const page = await readPage(deps, { owner, instanceIds, showsAll }, query, body.changeSetFilter)
  const cells = await deps.pool.query(
    `select instance_id, changeset_key, changeset_id, author, path, state, checksum, stored_checksum, order_executed, tag,
            error, source, command, pipeline, execution_id, attempt_id,
            extract(epoch from deployed_at)::float8 * 1000 as deployed_ms, extract(epoch from seen_at)::float8 * 1000 as seen_ms
       from changeset_state where account_id = $1 and instance_id = any($2) and changeset_key = any($3)`,
    [ref.accountId, instanceIds, page.keys],
  )
  const byKey = Map.groupBy(z.array(Cell).parse(cells.rows), (row) => row.changeset_key)
  return {
    total: page.total,
    matrix: {
      schema: schema.identifier,
      instances: instances.map(({ identifier, name }) => ({ identifier, name })),
      overview: instances.map(toInstanceOverview),
      changeSets: page.keys.flatMap((key) => {
        const rows = byKey.get(key) ?? []
        return rows.length === 0 ? [] : [toMatrixRow(rows, instances)]
      }),
    },
  }
}

interface Shown {
  owner: { accountId: string; schemaId: string }
  instanceIds: string[]
  /** All instances of the schema are among them. */
  showsAll: boolean
}

/** Keys of one page of changesets, and how many there are. */
async function readPage(
  deps: Pick<Deps, 'pool'>,
  { owner, instanceIds, showsAll }: Shown,
  query: Query,
  filter: Body['changeSetFilter'],
): Promise<{ keys: string[]; total: number }> {
  const direction = query.order === 'ASC' ? 'asc' : 'desc'
  const values: unknown[] = [owner.accountId, owner.schemaId, instanceIds]
  const parameter = (value: unknown): string => `$${values.push(value)}`
  const conditions = ['c.account_id = $1', 'c.schema_id = $2']
  if (filter.states.length > 0) {
    // Those that people look for are few, and looked up by state, not changeset by changeset.
    conditions.push(`c.changeset_key = any(array(select distinct s.changeset_key from changeset_state s
      where s.account_id = $1 and s.instance_id = any($3) and s.state = any(${parameter(filter.states)})))`)
  } else if (!showsAll) {
    // `offset 0`: a probe of the index for each, also before the first statistics.
    conditions.push(`exists (select 1 from changeset_state s
      where s.account_id = $1 and s.instance_id = any($3) and s.changeset_key = c.changeset_key offset 0)`)
  }
  if (filter.searchTerm !== '') {
    const term = parameter(`%${filter.searchTerm.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`)
    conditions.push(`(c.changeset_id ilike ${term} or c.author ilike ${term} or c.path ilike ${term})`)
  }
  if (filter.changeset !== undefined) {
    const { fileName, author, id } = filter.changeset
    conditions.push(`c.changeset_key = ${parameter(changesetKey({ path: fileName, author, id }))}`)
  }
  // Every parameter has to be used.
  const where = [...conditions, '$3::text[] is not null'].join(' and ')
  const [keys, counted] = await Promise.all([
    deps.pool.query(
      `select c.changeset_key from schema_changeset c where ${where}
        order by c.position ${direction}, c.changeset_key ${direction} limit ${query.limit} offset ${query.page * query.limit}`,
      values,
    ),
    deps.pool.query(`select count(*) as total from schema_changeset c where ${where}`, values),
  ])
  return {
    keys: keys.rows.map((row) => PageRow.parse(row).changeset_key),
    total: TotalRow.parse(counted.rows[0]).total,
  }
}

function toMatrixRow(rows: Cell[], instances: DbInstance[]): MigrationState['changeSets'][number] {
  const [first] = rows
  const byInstance = new Map(rows.map((row) => [row.instance_id, row]))
  const statuses = new Set(rows.map((row) => PUBLISHED_STATUS[row.state]))
  return {
    changeSet: first?.changeset_id ?? '',
    author: first?.author ?? '',
    fileName: first?.path ?? '',
    synced: rows.length === instances.length && statuses.size === 1,
    updated: Math.max(...rows.map(updatedAt)),
    instances: instances.flatMap((instance) => {
      const row = byInstance.get(instance.id)
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
          storedChecksum: row.stored_checksum ?? undefined,
          orderExecuted: row.order_executed ?? undefined,
          provenance: {
            source: row.source,
            seenBy: seenBy(row),
            pipeline: row.pipeline,
            planExecutionId: row.execution_id,
            attemptId: row.attempt_id,
            seenAt: Math.round(row.seen_ms),
          },
        },
      ]
    }),
  }
}

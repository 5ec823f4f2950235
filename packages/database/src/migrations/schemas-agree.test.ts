import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { cloneDatabase, type ClonedDatabase } from '@sluice/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateService } from '../bootstrap/migrate-service.ts'
import { prepareServices } from '../bootstrap/prepare-services.ts'
import { SCHEMA_OWNERS } from '../bootstrap/roles.ts'
import { printSchema } from './print-schema.ts'

let declared: ClonedDatabase
let migrated: ClonedDatabase
beforeAll(async () => {
  declared = await cloneDatabase(prepareServices([]))
  migrated = await cloneDatabase(prepareServices([]))
})
afterAll(async () => {
  await declared.drop()
  await migrated.drop()
})

/** One line per column and index of a schema, as the catalogue has them. */
async function describeSchema(url: string, schema: string): Promise<Set<string>> {
  const client = new Client(url)
  await client.connect()
  try {
    const columns = await client.query<{ line: string }>(
      `select format('%s.%s %s%s default %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                     case when a.attnotnull then ' not null' else '' end, coalesce(pg_get_expr(d.adbin, d.adrelid), 'none')) as line
         from pg_class c
         join pg_namespace n on n.oid = c.relnamespace and n.nspname = $1
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relkind in ('r', 'p')`,
      [schema],
    )
    const indexes = await client.query<{ line: string }>(
      // Names may differ; what counts is what is indexed and whether it is unique.
      `select regexp_replace(indexdef, 'INDEX \\S+ ON', 'INDEX ON') as line from pg_indexes where schemaname = $1`,
      [schema],
    )
    return new Set([...columns.rows, ...indexes.rows].map(({ line }) => line))
  } finally {
    await client.end()
  }
}

test.each(SCHEMA_OWNERS)(
  'the migrations of $service make what its schema.prisma declares',
  async ({ service, schema }) => {
    const file = fileURLToPath(new URL(`../../../../apps/${service}/prisma/schema.prisma`, import.meta.url))
    const owner = new Client(declared.url(service))
    await owner.connect()
    await owner.query(await printSchema(declared.superuserUrl, await readFile(file, 'utf8')))
    await owner.end()
    await migrateService({ url: migrated.url(service), service })
    const [wanted, made] = await Promise.all([
      describeSchema(declared.superuserUrl, schema),
      describeSchema(migrated.superuserUrl, schema),
    ])
    // The migrations may make more: partial indexes, checks, and tables that only raw SQL uses.
    expect([...wanted].filter((line) => !made.has(line))).toEqual([])
  },
)

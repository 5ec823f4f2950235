import { PrismaPg } from '@prisma/adapter-pg'
import { Pool } from 'pg'
import { openSchemaEngine } from './open-schema-engine.ts'

/**
 * The SQL that makes the tables of a Prisma schema in an empty database.
 * @param url any Postgres: the engine asks for a connection although this changes and reads nothing there
 * @param prismaSchema text of `schema.prisma`
 */
export async function printSchema(url: string, prismaSchema: string): Promise<string> {
  const pool = new Pool({ connectionString: url, max: 1 })
  const engine = await openSchemaEngine(new PrismaPg(pool), [['schema.prisma', prismaSchema]])
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: prismaSchema }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    // Schemas are the bootstrap's; tables are found through the role's search path.
    return (stdout ?? '').replace(/^-- CreateSchema\nCREATE SCHEMA .*\n+/, '')
  } finally {
    engine.free()
    await pool.end()
  }
}

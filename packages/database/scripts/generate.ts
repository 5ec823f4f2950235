/**
 * Run in an app's folder (`npm run gen`):
 *   (nothing)  writes the Prisma client to src/generated/prisma
 *   --check    fails when the committed client is not what schema.prisma gives
 *   --sql      prints the SQL that makes the tables of schema.prisma in an empty schema
 */
import { execFile } from 'node:child_process'
import { chmod, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { freePort, startPostgres } from '@sluice/local-servers'
import { printSchema } from '../src/migrations/print-schema.ts'

const run = promisify(execFile)
const GENERATED = join('src', 'generated', 'prisma')

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, sql: { type: 'boolean' } } })
  const schemaFile = resolve('prisma', 'schema.prisma')
  if (values.sql) return printSql(await readFile(schemaFile, 'utf8'))
  if (values.check) return checkClient(schemaFile)
  await rm(GENERATED, { recursive: true, force: true })
  await generate(schemaFile)
}

/** Generating is WebAssembly; only the CLI's start-up asks for a native engine, and /bin/true keeps it from downloading one. */
async function generate(schemaFile: string): Promise<void> {
  const cli = join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build', 'index.js')
  await run(process.execPath, [cli, 'generate', '--schema', schemaFile], {
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  })
}

async function checkClient(schemaFile: string): Promise<void> {
  // The same layout elsewhere: the client's text depends on where it lies relative to the schema.
  const folder = await mkdtemp(join(tmpdir(), 'sluice-gen-'))
  try {
    await cp(schemaFile, join(folder, 'prisma', 'schema.prisma'))
    await generate(join(folder, 'prisma', 'schema.prisma'))
    const [fresh, committed] = await Promise.all([readTree(join(folder, GENERATED)), readTree(GENERATED)])
    if (fresh !== committed)
      throw new Error(`${GENERATED} is not what prisma/schema.prisma gives. Run "npm run gen" in ${resolve()}.`)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function readTree(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  const texts = await Promise.all(
    files.map(async (file) => `${file.slice(folder.length)}\n${await readFile(file, 'utf8')}`),
  )
  return texts.join('\n')
}

async function printSql(schema: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-sql-'))
  // As root, Postgres runs as another user, who has to get through.
  await chmod(folder, 0o711)
  const logFile = join(folder, 'postgres.log')
  const server = await startPostgres({
    folder: join(folder, 'data'),
    port: await freePort(),
    password: 'one-run-only',
    logFile,
  })
  try {
    process.stdout.write(await printSchema(server.url, schema))
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
}

await main()

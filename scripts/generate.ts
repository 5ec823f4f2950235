// npm run gen: everything that is generated and committed. With `-- --check`: fails where something is stale.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const check = process.argv.includes('--check')
const flags = check ? ['--check'] : []

interface Generator {
  name: string
  cwd: string
  command: string
  args: readonly string[]
}

const prismaClients = readdirSync('apps')
  .filter((app) => existsSync(join('apps', app, 'prisma', 'schema.prisma')))
  .map((app): Generator => ({
    name: `Prisma client of ${app}`,
    cwd: join('apps', app),
    command: 'node',
    args: ['../../packages/database/scripts/generate.ts', ...flags],
  }))

const GENERATORS: readonly Generator[] = [
  ...prismaClients,
  // buf writes only; what it wrote is compared with what is committed.
  { name: 'protobuf code', cwd: 'proto', command: 'buf', args: ['generate'] },
  {
    name: 'tables of docs/ARCHITECTURE.md',
    cwd: '.',
    command: 'node',
    args: ['packages/contracts/scripts/write-documents.ts', ...flags],
  },
  { name: 'operations of the UI', cwd: 'apps/ui', command: 'node', args: ['scripts/write-operations.ts', ...flags] },
  {
    name: 'docker-compose.yml',
    cwd: '.',
    command: 'node',
    args: ['apps/setup/scripts/write-compose.ts', ...flags],
  },
  { name: 'docs/openapi.json', cwd: '.', command: 'node', args: ['apps/gateway/src/write-openapi.ts', ...flags] },
]

function run(command: string, args: readonly string[], cwd: string): { ok: boolean; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` }
}

for (const { name, cwd, command, args } of GENERATORS) {
  const { ok, output } = run(command, args, cwd)
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name}\n`)
  if (ok) continue
  process.stdout.write(`${output}\n`)
  process.exitCode = 1
}
if (check) {
  const { output } = run('git', ['status', '--porcelain', '--', 'packages/proto/src/gen'], '.')
  if (output.trim() !== '') {
    process.stdout.write(`FAILED protobuf code is not what proto/ says: run \`npm run gen\` and commit\n${output}`)
    process.exitCode = 1
  }
}

// Writes what documentation derives from the contracts: the tables of docs/ARCHITECTURE.md. `--check` fails if stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { READ_GRANTS } from '../src/crossings.ts'
import { EDGES, STORES_AND_EGRESS, type Edge } from '../src/network.ts'
import { CHANNELS, QUEUES } from '../src/queues.ts'

const FILE = fileURLToPath(new URL('../../../docs/ARCHITECTURE.md', import.meta.url))

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

const edges: readonly Edge[] = EDGES
const PROTOCOLS = { https: 'HTTPS', wss: 'WSS', grpc: 'gRPC', driver: 'DB driver' }
const TABLES: Record<string, string> = {
  edges: table(
    ['initiator', 'protocol', 'destination', 'path'],
    edges.map(({ from, protocol, port, to, path, spelledOut }) => [
      from,
      `${PROTOCOLS[protocol]} :${port}`,
      `${to}${spelledOut === true ? ' *' : ''}`,
      path,
    ]),
  ),
  stores: table(
    ['owner', 'to', 'reason'],
    STORES_AND_EGRESS.map(({ owner, to, reason }) => [owner, to, reason]),
  ),
  queues: table(
    ['queue', 'receiver', 'producers'],
    Object.entries(QUEUES).map(([name, { receiver, producers }]) => [`\`${name}\``, receiver, producers.join(', ')]),
  ),
  grants: table(
    ['relation', 'owner', 'readers'],
    READ_GRANTS.map(({ relation, owner, readers }) => [`\`${relation}\``, owner, readers.join(', ')]),
  ),
  channels: table(
    ['channel', 'publishers', 'subscribers'],
    Object.entries(CHANNELS).map(([name, { publishers, subscribers }]) => [
      `\`${name}\``,
      publishers.join(', '),
      subscribers.join(', '),
    ]),
  ),
}

const before = readFileSync(FILE, 'utf8')
let after = before
for (const [name, text] of Object.entries(TABLES)) {
  const start = `<!-- generated: ${name} -->\n`
  const from = after.indexOf(start)
  const to = after.indexOf('<!-- /generated -->', from)
  if (from < 0 || to < 0) throw new Error(`${FILE} has no place for "${name}"`)
  after = `${after.slice(0, from + start.length)}${text}\n${after.slice(to)}`
}
if (process.argv.includes('--check')) {
  if (after !== before) {
    process.stderr.write('docs/ARCHITECTURE.md is not what the contracts say: run `npm run gen`\n')
    process.exitCode = 1
  }
} else writeFileSync(FILE, after)

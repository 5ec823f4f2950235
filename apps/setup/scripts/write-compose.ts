// Writes docker-compose.yml from the network table. `--check` fails if it is stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Document, isMap, isScalar, Pair, Scalar, type YAMLMap } from 'yaml'
import { composeFile, reasonsOfNetworks } from './compose-file.ts'

const FILE = fileURLToPath(new URL('../../../docker-compose.yml', import.meta.url))
const HEAD = ` The whole of Sluice on one machine: docker compose up (docs/guides/compose.md).
 Generated from packages/contracts/src/network.ts by apps/setup/scripts/write-compose.ts: change those, then npm run gen.
 Networks: one per edge of the network table, one per service for its stores. Whoever has no edge has no way.`

const document = new Document(composeFile(), { merge: true, aliasDuplicateObjects: false })
document.commentBefore = HEAD

const sections = isMap(document.contents) ? document.contents.items : []
const contained = mapAt('x-contained')
contained.anchor = 'contained'
for (const service of mapAt('services').items) {
  if (!isMap(service.value)) continue
  service.value.items.unshift(new Pair(new Scalar('<<'), document.createAlias(contained, 'contained')))
  // Readers of YAML 1.1 take a bare "no" for false.
  const restart: unknown = service.value.get('restart', true)
  if (isScalar(restart)) restart.type = Scalar.QUOTE_SINGLE
}
const reasons = reasonsOfNetworks()
for (const { key } of mapAt('networks').items) {
  if (isScalar(key)) key.commentBefore = ` ${reasons.get(String(key.value)) ?? ''}`
}
for (const { key } of [...sections.slice(1), ...mapAt('services').items.slice(1)])
  if (isScalar(key)) key.spaceBefore = true

const after = document.toString({ lineWidth: 120, singleQuote: true, nullStr: '' })
if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== after) {
    process.stderr.write('docker-compose.yml is not what the network table says: run `npm run gen`\n')
    process.exitCode = 1
  }
} else writeFileSync(FILE, after)

function mapAt(section: string): YAMLMap {
  const found: unknown = document.get(section, true)
  if (!isMap(found)) throw new Error(`There is no section "${section}".`)
  return found
}

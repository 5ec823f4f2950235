import { readFile, writeFile } from 'node:fs/promises'
import { openApiText } from './modules/reference/openapi-document.ts'

/** Writes `docs/openapi.json`; with `--check` only says whether it is up to date. */
const file = new URL('../../../docs/openapi.json', import.meta.url)
const text = openApiText()
if (process.argv.includes('--check')) {
  const stored = await readFile(file, 'utf8').catch(() => '')
  if (stored !== text) {
    process.stderr.write('docs/openapi.json is not up to date. Run: npm run openapi --workspace @sluice/gateway\n')
    process.exitCode = 1
  }
} else {
  await writeFile(file, text)
}

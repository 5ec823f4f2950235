// npm test: installs what is missing, runs every suite, and ends with one line over all of them.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { node, prepare, repository } from './prepare.mjs'
import { prepareDocker } from './prepare-docker.mjs'
import { prepareTests } from './prepare-tests.mjs'

const yes = process.argv.includes('--yes') || Boolean(process.env.CI)
await prepare({ yes })
await prepareTests({ yes })
const docker = await prepareDocker({ yes })

const bin = join(repository, 'node_modules', '.bin')
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
}

/** Every suite by its configuration: units and services against real stores, the whole system, the same in containers. */
const SUITES = [
  'vitest.config.ts',
  'e2e/vitest.config.ts',
  // Last: its networks come and go, which a browser takes for a lost connection.
  ...(docker.why === undefined ? ['e2e/vitest.compose.config.ts'] : []),
]

const totals = { passed: 0, failed: 0, skipped: 0 }
const folder = mkdtempSync(join(tmpdir(), 'sluice-results-'))

function run(command, args) {
  return spawnSync(command, args, { cwd: repository, env, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1
}

// What runs in pods runs from its bundle, as in the product.
if (run(join(bin, 'turbo'), ['run', 'bundle', '--output-logs=errors-only', '--no-update-notifier']) !== 0)
  totals.failed += 1

for (const [index, config] of SUITES.entries()) {
  const file = join(folder, `${index}.json`)
  const status = run(node, [
    join(bin, 'vitest'),
    'run',
    '--config',
    config,
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ])
  let failed = 0
  try {
    const result = JSON.parse(readFileSync(file, 'utf8'))
    failed =
      result.numFailedTests +
      result.testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0).length
    totals.passed += result.numPassedTests
    totals.skipped += result.numPendingTests + result.numTodoTests
  } catch (error) {
    process.stderr.write(`\n${config} left no result: ${error.message}\n`)
  }
  // A run that ends badly without naming a test has failed all the same.
  totals.failed += failed === 0 && status !== 0 ? 1 : failed
}
rmSync(folder, { recursive: true, force: true })
docker.stop?.()
if (docker.why !== undefined) process.stdout.write(`\nThe tests in containers did not run: ${docker.why}.\n`)

process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`)
// A skipped test proves nothing: it counts as a failure of the run.
process.exitCode = totals.failed > 0 || totals.skipped > 0 || totals.passed === 0 ? 1 : 0

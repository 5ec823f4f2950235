import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine } from './machine/describe-machine.ts'
import { benchPickup } from './pickup/bench-pickup.ts'
import { benchPipeline } from './pipeline/bench-pipeline.ts'
import { toTable, writeReport, type Report } from './report/report.ts'
import { benchStart } from './start/bench-start.ts'

export interface BenchOptions {
  /** Measured runs; each benchmark has its own default and least number. */
  runs: number | undefined
  /** Also shows where the time of one run went. */
  timeline: boolean
  /** Aborted by Ctrl-C: what was started is ended before the next run. */
  signal: AbortSignal
  /** Says what is being done. */
  say: (sentence: string) => void
}

const BENCHES = new Map<string, (options: BenchOptions) => Promise<Report>>([
  ['pipeline', benchPipeline],
  ['pickup', benchPickup],
  ['start', benchStart],
])

const HELP = `npm run bench -- <name> [--json <file>] [--runs <number>] [--timeline]
  pipeline   "Run" by REST to SUCCEEDED with logs stored, against liquibase update of the same changelog
  pickup     node ready to step container executing, one at a time
  start      npm start in a fresh clone to the gateway's first page, and the second start
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      runs: { type: 'string' },
      timeline: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      // Answered by scripts/bench.mjs.
      yes: { type: 'boolean', default: false },
    },
  })
  const [name = ''] = positionals
  const bench = BENCHES.get(name)
  if (values.help || bench === undefined || positionals.length > 1) {
    process.stdout.write(values.help ? HELP : `There is no benchmark "${positionals.join(' ')}".\n\n${HELP}`)
    return values.help ? 0 : 1
  }
  const runs = values.runs === undefined ? undefined : Number(values.runs)
  if (runs !== undefined && (!Number.isInteger(runs) || runs < 1)) {
    process.stdout.write(`"${values.runs}" is not a number of runs. Give a whole number, 1 or more.\n`)
    return 1
  }
  const machine = describeMachine()
  process.stdout.write(
    `${name}: ${Object.entries(machine)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')}\n`,
  )
  const startedAt = Date.now()
  const say = (sentence: string): void => {
    process.stdout.write(`  ${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${sentence}\n`)
  }
  const ending = new AbortController()
  process.on('SIGINT', () => ending.abort(new Error('The benchmark was interrupted.')))
  process.on('SIGTERM', () => ending.abort(new Error('The benchmark was interrupted.')))
  const report = await bench({ runs, timeline: values.timeline, signal: ending.signal, say })
  process.stdout.write(`\n${toTable(report.rows)}\n`)
  if (values.json !== undefined) {
    // npm runs us in the repository; INIT_CWD is where the person is.
    await writeReport(resolve(process.env['INIT_CWD'] ?? process.cwd(), values.json), name, machine, report)
  }
  return 0
}

process.exitCode = await main()

import { join } from 'node:path'
import { installLiquibase } from '../liquibase/install-liquibase.ts'
import { runLiquibaseUpdate } from '../liquibase/run-liquibase.ts'
import type { BenchOptions } from '../main.ts'
import { milliseconds, percentile } from '../report/percentile.ts'
import type { Report } from '../report/report.ts'
import { openStack } from '../sluice/bench-stack.ts'
import { createProject } from '../sluice/project.ts'
import { runPipeline, type MeasuredRun } from '../sluice/run-pipeline.ts'
import { openShop } from '../sluice/shop.ts'
import { readTimeline } from './read-timeline.ts'

const RUNS = 21
const COLD_RUNS = 7
/** The first runs compile code and open connections: a warm stack is what is measured. */
const WARM_UP_RUNS = 3
/** Every third run is followed by one of the peer, so that both meet the same machine. */
const PEER_EVERY = 3
const PEER_RUNS_MIN = 5

/**
 * One preview and one apply of a changelog with one new changeset, from the request "Run" to the end of the run with all
 * logs stored; between them `liquibase update` of the same changelog on a database of its own in the same state.
 */
export async function benchPipeline(options: BenchOptions): Promise<Report> {
  const { say, signal } = options
  const runs = Math.max(options.runs ?? RUNS, PEER_RUNS_MIN)
  const liquibase = await installLiquibase(say)
  const shop = await openShop()
  try {
    const ours = await shop.createDatabase('bench_sluice')
    const theirs = await shop.createDatabase('bench_liquibase')
    const peer = () =>
      runLiquibaseUpdate(liquibase, { ...theirs, searchPath: shop.workFolder, changelogFile: shop.changelogFile })
    const traceFile = join(shop.folder, 'trace.ndjson')
    const environment = options.timeline ? { SLUICE_TRACE_FILE: traceFile } : {}

    say('Starting Sluice …')
    const warm = await openStack(shop, { environment, signal })
    const measured: MeasuredRun[] = []
    const peerMs: number[] = []
    try {
      await createProject(warm.client, shop, ours)
      for (let index = 0; index < WARM_UP_RUNS; index += 1) await runPipeline(warm.client, warm.store)
      await peer()
      say(`Measuring ${runs} runs on a warm stack …`)
      for (let index = 0; index < runs; index += 1) {
        signal.throwIfAborted()
        await shop.addChangeset()
        measured.push(await runPipeline(warm.client, warm.store))
        if (index % PEER_EVERY === 0 || runs - index <= PEER_RUNS_MIN - peerMs.length) peerMs.push(await peer())
      }
    } finally {
      await warm.stop()
    }

    say('Starting Sluice without a warm pool …')
    const cold: MeasuredRun[] = []
    const coldStack = await openStack(shop, {
      environment: { SLUICE_DELEGATE_WARM_PODS: '0' },
      password: warm.password,
      signal,
    })
    try {
      for (let index = 0; index < WARM_UP_RUNS; index += 1) await runPipeline(coldStack.client, coldStack.store)
      for (let index = 0; index < COLD_RUNS; index += 1) {
        signal.throwIfAborted()
        await shop.addChangeset()
        cold.push(await runPipeline(coldStack.client, coldStack.store))
      }
    } finally {
      await coldStack.stop()
    }
    if (options.timeline) process.stdout.write(`\n${await readTimeline(traceFile, medianOf(measured))}\n`)
    return toReport(measured, cold, peerMs)
  } finally {
    await shop.dispose()
  }
}

function medianOf(runs: readonly MeasuredRun[]): MeasuredRun {
  const sorted = runs.toSorted((one, other) => one.storedMs - other.storedMs)
  const median = sorted[Math.floor((sorted.length - 1) / 2)]
  if (median === undefined) throw new Error('Nothing was measured.')
  return median
}

function toReport(measured: readonly MeasuredRun[], cold: readonly MeasuredRun[], peerMs: readonly number[]): Report {
  const stored = measured.map((run) => run.storedMs)
  const succeeded = measured.map((run) => run.succeededMs)
  const p50 = percentile(stored, 50)
  const peer = percentile(peerMs, 50)
  const ratio = Math.round((p50 / peer) * 1000) / 1000
  const figures = {
    run_p50_ms: p50,
    run_p95_ms: percentile(stored, 95),
    succeeded_p50_ms: percentile(succeeded, 50),
    accepted_p50_ms: percentile(
      measured.map((run) => run.acceptedMs),
      50,
    ),
    run_ratio_liquibase: ratio,
    liquibase_p50_ms: peer,
    cold_p50_ms: percentile(
      cold.map((run) => run.storedMs),
      50,
    ),
    docker_p50_ms: null,
    runs: measured.length,
    liquibase_runs: peerMs.length,
  }
  return {
    figures,
    rows: [
      { what: `run: request to logs stored, p50 of ${measured.length}`, measured: milliseconds(figures.run_p50_ms) },
      { what: 'run: request to logs stored, p95', measured: milliseconds(figures.run_p95_ms) },
      { what: 'of it: request to SUCCEEDED, p50', measured: milliseconds(figures.succeeded_p50_ms) },
      { what: 'of it: request to its answer, p50', measured: milliseconds(figures.accepted_p50_ms) },
      { what: `liquibase update, whole process, p50 of ${peerMs.length}`, measured: milliseconds(peer) },
      { what: 'run ÷ liquibase update', measured: ratio.toFixed(3), target: '≤ 0.5' },
      { what: `run with a cold pod, p50 of ${cold.length}`, measured: milliseconds(figures.cold_p50_ms) },
      { what: 'run on the docker runtime', measured: 'not built yet' },
    ],
  }
}

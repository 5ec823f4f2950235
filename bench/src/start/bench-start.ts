import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '@sluice/local-servers'
import { Agent, request } from 'undici'
import { removeDataFolder } from '../machine/remove-data-folder.ts'
import type { BenchOptions } from '../main.ts'
import type { Report } from '../report/report.ts'

const run = promisify(execFile)
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))

const START_WITHIN_MS = 600_000
const STOP_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 50
const PAGE = '/gateway/openapi.json'

/**
 * `npm start -- --yes` in a fresh clone of the committed state with npm's cache as it is, to the first answer of the
 * gateway; then once more in the same clone. The clone and all of its data are removed again.
 */
export async function benchStart({ signal, say }: BenchOptions): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-start-'))
  const clone = join(folder, 'sluice')
  try {
    // As anybody's clone: the user that Postgres runs as may pass through.
    await chmod(folder, 0o755)
    await run('git', ['clone', '--quiet', '--no-hardlinks', '--', REPOSITORY, clone], { timeout: START_WITHIN_MS })
    const commit = (await run('git', ['-C', clone, 'rev-parse', '--short', 'HEAD'])).stdout.trim()
    const port = await freePort()
    say(`First start of ${commit} in a fresh clone …`)
    const coldMs = await timeStart(clone, port, signal)
    say('Second start …')
    const warmMs = await timeStart(clone, port, signal)
    const figures = { cold_s: seconds(coldMs), warm_s: seconds(warmMs), commit }
    return {
      figures,
      rows: [
        {
          what: 'fresh clone: npm start to the first page',
          measured: `${figures.cold_s.toFixed(1)} s`,
          target: '≤ 90 s',
        },
        { what: 'second start to the first page', measured: `${figures.warm_s.toFixed(1)} s`, target: '≤ 12 s' },
      ],
    }
  } finally {
    await removeDataFolder(join(clone, '.sluice'))
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10
}

/** Starts, waits for the page, stops again. @throws Error with what npm start printed when it ends early. */
async function timeStart(clone: string, port: number, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now()
  const child = spawn('npm', ['start', '--', '--yes', '--port', String(port)], {
    cwd: clone,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that all of it can be told to stop at once.
    detached: true,
  })
  let output = ''
  const add = (chunk: Buffer): void => {
    output += chunk.toString('utf8')
  }
  child.stdout.on('data', add)
  child.stderr.on('data', add)
  try {
    const caFile = join(clone, '.sluice', 'certificates', 'ca.pem')
    while (!(await answers(caFile, port))) {
      signal.throwIfAborted()
      if (child.exitCode !== null) throw new Error(`npm start ended with code ${child.exitCode}:\n${output}`)
      if (performance.now() - startedAt > START_WITHIN_MS)
        throw new Error(`The gateway did not answer in time; npm start printed:\n${output}`)
      await delay(LOOK_EVERY_MS)
    }
    return performance.now() - startedAt
  } finally {
    await stop(child)
  }
}

/** What a new shell has; nothing of the npm that runs this benchmark. */
function environment(): NodeJS.ProcessEnv {
  const bin = join(REPOSITORY, 'node_modules', '.bin')
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_|SLUICE_)/.test(name))
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.startsWith(bin) && !folder.includes('node_modules'))
    .join(':')
  return { ...Object.fromEntries(kept), PATH: path }
}

async function answers(caFile: string, port: number): Promise<boolean> {
  let ca: string
  try {
    ca = await readFile(caFile, 'utf8')
  } catch {
    // Not made yet.
    return false
  }
  const dispatcher = new Agent({ connect: { ca } })
  try {
    const { statusCode, body } = await request(`https://localhost:${port}${PAGE}`, {
      dispatcher,
      signal: AbortSignal.timeout(5_000),
    })
    await body.dump()
    return statusCode === 200
  } catch {
    // Nobody listens yet.
    return false
  } finally {
    await dispatcher.close()
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  process.kill(-child.pid, 'SIGINT')
  const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), STOP_WITHIN_MS)
  await ended
  clearTimeout(timer)
}

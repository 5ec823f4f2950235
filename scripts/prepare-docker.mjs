// What the tests of docker-compose.yml need on the machine: a Docker engine, compose, and the base images.
import { spawn, spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { installPrograms, repository, runs, say } from './prepare.mjs'

/** What infra/docker/Dockerfile builds on. */
const BASE_IMAGES = ['node:24-bookworm-slim', 'postgres:17', 'redis:7']
const ENGINE_READY_WITHIN_MS = 30_000

const PROGRAMS = [
  {
    isThere: () => runs('docker', '--version') && (runs('docker', 'info') || runs('dockerd', '--version')),
    missing: 'a Docker engine',
    debian: 'docker.io',
    brew: 'docker',
  },
  {
    isThere: () => runs('docker', 'compose', 'version') || runs('docker-compose', 'version'),
    missing: 'docker compose',
    debian: 'docker-compose',
    brew: 'docker-compose',
  },
]

/**
 * Installs what is missing (as `prepare` does), starts an engine where none answers, and gets the base images: by the
 * command in SLUICE_BASE_IMAGES_COMMAND, which is called with the names of those that are missing, else from a registry.
 * @returns `stop` ends the engine, where it was started here; or `why` there is no Docker to test with on this machine
 */
export async function prepareDocker({ yes }) {
  if (PROGRAMS.some(({ isThere }) => !isThere()) && process.getuid?.() !== 0) {
    return { why: 'there is no Docker engine with compose on this machine; install docker.io and docker-compose' }
  }
  await installPrograms(PROGRAMS, yes)
  let stop = () => undefined
  if (!runs('docker', 'info')) {
    const started = await startEngine()
    if (started.why !== undefined) return started
    stop = started.stop
  }
  const missing = BASE_IMAGES.filter((image) => !runs('docker', 'image', 'inspect', image))
  const command = process.env.SLUICE_BASE_IMAGES_COMMAND
  if (missing.length > 0 && command) {
    say(`Making ${missing.join(', ')} …`)
    spawnSync(command, missing, { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const still = missing.filter(
    (image) => !runs('docker', 'image', 'inspect', image) && !runs('docker', 'pull', '--quiet', image),
  )
  if (still.length > 0) {
    stop()
    return {
      why: `the images ${still.join(', ')} are not on this machine and no registry has them; name a command that makes them in SLUICE_BASE_IMAGES_COMMAND`,
    }
  }
  return { stop }
}

async function startEngine() {
  say('Starting a Docker engine …')
  const log = join(tmpdir(), 'sluice-dockerd.log')
  const output = openSync(log, 'a', 0o600)
  const engine = spawn('dockerd', [], { stdio: ['ignore', output, output], detached: true })
  engine.unref()
  // Without a listener, a program that can't be run would end this process without a sentence.
  engine.once('error', (error) => say(error.message))
  const deadline = Date.now() + ENGINE_READY_WITHIN_MS
  while (engine.pid !== undefined && engine.exitCode === null && Date.now() < deadline) {
    if (runs('docker', 'info')) return { stop: () => engine.kill('SIGTERM') }
    await delay(250)
  }
  engine.kill('SIGKILL')
  return { why: `no Docker engine starts on this machine (${log})` }
}

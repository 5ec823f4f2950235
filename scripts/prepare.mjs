// What has to be on the machine before anything of ours runs. Plain JavaScript without dependencies, for Node 20 or newer:
// the Node that Sluice itself runs on comes with the npm packages.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'

export const repository = dirname(dirname(fileURLToPath(import.meta.url)))
/** The Node that npm installed. */
export const node = join(repository, 'node_modules', '.bin', 'node')

const LOCK = join(repository, 'package-lock.json')
const INSTALLED = join(repository, 'node_modules', '.package-lock.json')
const POLICY = '/usr/sbin/policy-rc.d'

/**
 * Installs the npm packages, and redis-server and git where there are none (asking first, unless `yes`).
 * Ends the process with one clear sentence when something can't be had.
 */
export async function prepare({ yes }) {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) {
    fail(
      `Node ${process.versions.node} is too old. Install Node 20 or newer (nodejs.org); the one Sluice runs on comes with npm.`,
    )
  }
  if (!isInstalled()) installPackages()
  await installPrograms(PROGRAMS, yes)
}

/** Whether node_modules holds what the lock file asks for. File times say nothing: a checkout touches the lock. */
function isInstalled() {
  if (!existsSync(INSTALLED) || !existsSync(node)) return false
  const wanted = JSON.parse(readFileSync(LOCK, 'utf8')).packages
  const installed = JSON.parse(readFileSync(INSTALLED, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true
    const found = installed[path]
    if (found === undefined) return entry.optional === true || entry.devOptional === true || entry.peer === true
    return entry.link === true || found.version === entry.version
  })
}

function installPackages() {
  say('Installing npm packages …')
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: repository,
    stdio: 'inherit',
  })
  if (error)
    fail(`npm could not be run (${error.message}). It comes with Node: install Node 20 or newer from nodejs.org.`)
  if (status !== 0)
    fail('npm ci failed, see above. Free disk space or reach the registry, whichever it names, and try again.')
}

/** Programs that no npm package brings, and how to get them. */
const PROGRAMS = [
  {
    isThere: () => runs('redis-server', '--version') || runs('valkey-server', '--version'),
    missing: 'redis-server 6.2 or newer',
    debian: 'redis-server',
    brew: 'redis',
  },
  { isThere: () => runs('git', '--version'), missing: 'git', debian: 'git', brew: 'git' },
]

export function runs(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Installs those of the programs that are missing, as system packages. Ends the process where it can't. */
export async function installPrograms(programs, yes) {
  const missing = programs.filter(({ isThere }) => !isThere())
  if (missing.length === 0) return
  const packages = missing.map(({ debian }) => debian)
  const byHand =
    process.platform === 'darwin'
      ? `brew install ${missing.map(({ brew }) => brew).join(' ')}`
      : `sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`
  const why = `Sluice needs ${missing.map(({ missing: what }) => what).join(' and ')}, not found on the PATH.`
  const install = `Install what is missing and try again:\n\n  ${byHand}`
  if (!isDebian() || process.getuid?.() !== 0) fail(`${why} ${install}`)
  const named = packages.length === 1 ? `package "${packages[0]}"` : `packages "${packages.join('", "')}"`
  if (!yes && !(await agrees(`${why} Install the system ${named} now? [y/N] `)))
    fail(`${why} Nothing was installed. ${install}`)
  say(`Installing ${packages.join(' and ')} …`)
  // A package would start its system service. It is not ours, and the private one needs none: 101 means "not allowed".
  const hadPolicy = existsSync(POLICY)
  if (!hadPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    aptGet('update', '-qq')
    aptGet('install', '-y', '-qq', '--no-install-recommends', ...packages)
  } finally {
    if (!hadPolicy) rmSync(POLICY, { force: true })
  }
  const still = missing.find(({ isThere }) => !isThere())
  if (still) fail(`apt-get could not install ${still.debian}, see above. ${install}`)
}

function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env })
}

function isDebian() {
  const file = '/etc/os-release'
  return existsSync(file) && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync(file, 'utf8'))
}

async function agrees(question) {
  if (!process.stdin.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(question)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

export function say(text) {
  process.stdout.write(`${text}\n`)
}

export function fail(text) {
  process.stderr.write(`\n${text}\n`)
  process.exit(1)
}

import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readOptions } from './options.ts'
import type { DemoHandles } from './demo/demo.ts'
import { startStack, type Stack } from './stack/start-stack.ts'
import { SERVICE_NAMES } from '@sluice/contracts/network'
import { UserError } from './user-error.ts'

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env)
  if ('help' in options) {
    process.stdout.write(options.help)
    return 0
  }
  const startedAt = Date.now()
  const ending = listenForTheEnd()
  const stack = await startStack({
    // npm runs us in the repository; INIT_CWD is where the person is.
    dataDir:
      options.dataDir === undefined
        ? join(REPOSITORY, '.sluice')
        : resolve(process.env['INIT_CWD'] ?? process.cwd(), options.dataDir),
    port: options.port,
    processes: options.withDelegate ? undefined : SERVICE_NAMES,
    demo: options.withDemo,
    ui: true,
    signal: ending,
    onProgress: (sentence) => print(`  ${seconds(startedAt)}  ${sentence}`),
  })
  print(greeting(stack, startedAt))
  await stack.forgetPassword()
  await new Promise<void>((done) => {
    if (ending.aborted) done()
    ending.addEventListener('abort', () => done(), { once: true })
  })
  print('Stopping …')
  await stack.stop()
  return 0
}

/**
 * Aborted by Ctrl-C, SIGTERM, a closed terminal, or the end of who started us. A second Ctrl-C ends this process at once;
 * what it started ends by itself then.
 */
function listenForTheEnd(): AbortSignal {
  const ending = new AbortController()
  let firstAt: number | undefined
  const end = () => {
    firstAt ??= Date.now()
    ending.abort()
  }
  process.on('SIGINT', () => {
    // A terminal sends one Ctrl-C to us and to those who started us, who send it on: within a moment it is the same one.
    if (firstAt !== undefined && Date.now() - firstAt > 1_000) process.exit(130)
    end()
  })
  process.on('SIGTERM', end)
  process.on('SIGHUP', end)
  process.on('disconnect', end)
  // A closed terminal takes no more output; what is left to do is to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', end)
  return ending.signal
}

function greeting(stack: Stack, startedAt: number): string {
  const lines = ['', `Sluice is ready after ${seconds(startedAt).trim()}.`, '', `  ${stack.gatewayUrl}`, '']
  if (stack.password !== undefined) {
    lines.push('  user      admin@localhost', `  password  ${stack.password}   (shown only now)`, '')
  }
  if (stack.demo !== undefined) lines.push(...describeDemo(stack.demo), '')
  lines.push(
    `  from a shell: curl --cacert ${fromHere(stack.caFile)} ${stack.gatewayUrl}/gateway/openapi.json`,
    '',
    'It listens on this machine only; its processes run as you and are not walled off from each other. Ctrl-C ends all of them.',
  )
  return lines.join('\n')
}

const FIRST_RUN = {
  'not started': 'It has not run yet.',
  'under way': 'Its first run is under way.',
  finished: '',
}

function describeDemo({ clone, firstRun }: DemoHandles): string[] {
  return [
    `  demo      "Ship shop DB" takes a shop's changelog to two databases. ${FIRST_RUN[firstRun]}`.trimEnd(),
    `            Change a file in ${fromHere(clone)}, git push, run it again.`,
  ]
}

/** As the person would type it, where that is shorter. */
function fromHere(path: string): string {
  const shorter = relative(process.env['INIT_CWD'] ?? process.cwd(), path)
  return shorter.length < path.length && !shorter.startsWith('..') ? shorter : path
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`.padStart(7)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function explain(error: unknown): string {
  if (error instanceof UserError) return error.message
  if (!(error instanceof Error)) return String(error)
  if (/ENOSPC|No space left on device/.test(error.message)) {
    return `The disk is full: ${error.message.split('\n')[0]}. Free some space, or choose another folder: npm start -- --data-dir <folder>`
  }
  return error.stack ?? error.message
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`\n${explain(error)}\n`)
  process.exitCode = 1
}
// Whatever an ended server left open in this process must not keep it alive.
process.exit()

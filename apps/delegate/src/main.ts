import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { createProcessRuntime } from '@sluice/pod'
import pino from 'pino'
import { DELEGATE_VERSION, loadConfig, type DelegateConfig } from './config.ts'
import { startHealth } from './health.ts'
import { DelegateLoop } from './modules/connection/delegate-loop.ts'
import { loadOrEnrol } from './modules/enrolment/enrol.ts'
import { SecretOpener } from './modules/secret/secret-opener.ts'
import { TaskJournal } from './modules/store/task-journal.ts'
import { TaskRunner } from './modules/task/task-runner.ts'
import { traceTo } from './tracing.ts'

/** Time that running steps have when the delegate is told to stop; a second signal ends it at once. */
const DRAIN_MS = 8_000

const logger = pino({ name: 'delegate' })
const stopping = new AbortController()

/** Certificates that git in the pods trusts: the platform's and the configured ones, because git takes one file only. */
async function writeGitCertificates(config: DelegateConfig): Promise<string | undefined> {
  const own = [config.caPem, config.gitCaPem].filter((pem) => pem !== undefined)
  if (own.length === 0) return undefined
  const file = join(config.dataDir, 'git-certificates.pem')
  await writeFile(file, [...rootCertificates, ...own].join('\n'))
  return file
}

async function run(): Promise<void> {
  const config = loadConfig(process.env)
  logger.level = config.logLevel
  traceTo(config.traceFile)
  const enrolled = await loadOrEnrol(config, logger, stopping.signal)
  const store = new TaskJournal(join(config.dataDir, 'tasks'))
  const { journalId, tasks } = await store.load()
  const gitCaFile = await writeGitCertificates(config)
  const runtime = await createProcessRuntime({
    stateFolder: join(config.dataDir, 'runtime'),
    programs: config.programs,
    warmSlots: config.warmPods,
    environment: {
      ...(gitCaFile === undefined ? {} : { SLUICE_GIT_CA_FILE: gitCaFile }),
      ...(config.traceFile === undefined ? {} : { SLUICE_TRACE_FILE: config.traceFile }),
    },
    onDiagnostics: (program, line) => logger.debug({ program, line }, 'pod'),
  })
  const swept = await runtime.sweep()
  if (swept.removed.length > 0) logger.info(swept, 'removed what an earlier delegate left')

  const runtimes = [runtime.kind, ...config.runAsProcess]
  let end: (code: number) => void = () => undefined
  const ended = new Promise<number>((resolve) => {
    end = resolve
  })
  const loop = new DelegateLoop({
    config,
    enrolled,
    store,
    machine: {
      accountId: enrolled.accountId,
      delegateId: enrolled.delegateId,
      delegateVersion: DELEGATE_VERSION,
      journalId,
      capabilities: ['task:connection.test', ...runtimes.map((name) => `runtime:${name}`)],
      capacity: config.capacity,
    },
    recovered: tasks,
    logger,
    onStopped: ({ reason, final }) => {
      logger.info({ reason, final }, 'stopped')
      end(final ? 1 : 0)
    },
  })
  const send = loop.apply.bind(loop)
  const secrets = new SecretOpener({
    accountId: enrolled.accountId,
    sealingPrivateKey: enrolled.keys.sealing.privateKey,
    send,
  })
  const runner = new TaskRunner({
    deps: {
      runtime,
      runtimes,
      secrets,
      caPem: config.caPem ?? '',
      onProgress: (taskId, event) => loop.addProgress(taskId, event),
    },
    store,
    logger,
    capacity: config.capacity,
    send,
  })
  const closeHealth = await startHealth(config.health, loop)
  loop.start({ runner, secrets })
  stopping.signal.addEventListener('abort', () =>
    send({ type: 'drain', reason: 'the delegate was told to stop', graceMs: DRAIN_MS }),
  )
  const code = await ended
  closeHealth()
  await runtime.close()
  process.exit(code)
}

const onSignal = (signal: string): void => {
  if (stopping.signal.aborted) process.exit(1)
  logger.info({ signal }, 'draining')
  stopping.abort(new Error(signal))
}
process.on('SIGTERM', () => onSignal('SIGTERM'))
process.on('SIGINT', () => onSignal('SIGINT'))
// Started by `npm start`: when that is gone, however it went, nothing of it may stay.
process.on('disconnect', () => onSignal('the parent is gone'))

try {
  await run()
} catch (error) {
  if (stopping.signal.aborted) process.exit(0)
  logger.fatal({ err: error }, error instanceof Error ? error.message : 'the delegate could not start')
  process.exit(1)
}

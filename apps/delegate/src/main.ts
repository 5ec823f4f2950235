import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import type { TaskKind } from '@sluice/contracts/tasks'
import { createProcessRuntime } from '@sluice/pod'
import { CLOSE_CODES } from '@sluice/delegate-protocol'
import pino from 'pino'
import { DELEGATE_VERSION, loadConfig, type DelegateConfig } from './config.ts'
import { startHealth } from './health.ts'
import { DelegateLoop, type Stopped } from './modules/connection/delegate-loop.ts'
import { forgetEnrolment, loadOrEnrol } from './modules/enrolment/enrol.ts'
import { SecretOpener } from './modules/secret/secret-opener.ts'
import { TaskJournal } from './modules/store/task-journal.ts'
import { TaskRunner } from './modules/task/task-runner.ts'
import { machineCapabilities } from './machine-capabilities.ts'
import { traceTo } from './tracing.ts'

/** Time that the last frames have to leave. */
const CLOSE_WITHIN_MS = 1_000

/** Kinds of task that need no pod of a pipeline run. */
const ALONE = ['connection.test', 'db.status', 'db.baseline', 'scm.call'] as const satisfies readonly TaskKind[]

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
  let loop: DelegateLoop | undefined
  const health = await startHealth(config.health, () => loop)
  const enrolled = await loadOrEnrol(config, logger, stopping.signal)
  const store = new TaskJournal(join(config.dataDir, 'tasks'))
  const { journalId, tasks } = await store.load()
  const gitCaFile = await writeGitCertificates(config)
  const runtime = await createProcessRuntime({
    stateFolder: join(config.dataDir, 'runtime'),
    programs: config.programs,
    warmSlots: config.warmPods,
    environment: {
      ...(config.inContainer === undefined ? {} : { SLUICE_DELEGATE_IN_CONTAINER: config.inContainer }),
      ...(gitCaFile === undefined ? {} : { SLUICE_GIT_CA_FILE: gitCaFile }),
      ...(config.traceFile === undefined ? {} : { SLUICE_TRACE_FILE: config.traceFile }),
    },
    onDiagnostics: (program, line) => logger.debug({ program, line }, 'pod'),
    onWarning: (podId, sentence) => logger.warn({ podId }, sentence),
  })
  const swept = await runtime.sweep()
  if (swept.removed.length > 0) logger.info(swept, 'removed what an earlier delegate left')

  const runtimes = [runtime.kind, ...config.runAsProcess]
  const ended = Promise.withResolvers<Stopped>()
  const running = new DelegateLoop({
    config,
    enrolled,
    store,
    machine: {
      accountId: enrolled.accountId,
      delegateId: enrolled.delegateId,
      delegateVersion: DELEGATE_VERSION,
      journalId,
      capabilities: [
        ...ALONE.map((kind) => `task:${kind}`),
        ...runtimes.map((name) => `runtime:${name}`),
        ...machineCapabilities(config.inContainer),
      ],
      capacity: config.capacity,
    },
    recovered: tasks,
    logger,
    onStopped: ended.resolve,
  })
  loop = running
  const send = running.apply.bind(running)
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
      onProgress: (taskId, event) => running.addProgress(taskId, event),
    },
    store,
    logger,
    capacity: config.capacity,
    send,
  })
  const drain = (): void => send({ type: 'drain', reason: 'the delegate was told to stop', graceMs: config.drainMs })
  running.start({ runner, secrets })
  if (stopping.signal.aborted) drain()
  else stopping.signal.addEventListener('abort', drain)
  const { reason, final, closeCode } = await ended.promise
  logger[final ? 'error' : 'info']({ reason, final }, 'stopped')
  // The next start enrols again, as the close code asks for; a token that was revoked too then says so.
  if (closeCode === CLOSE_CODES.unknownDelegate.code) await forgetEnrolment(config)
  await Promise.all([running.closed(CLOSE_WITHIN_MS), runtime.close()])
  health.close()
  process.exit(final ? 1 : 0)
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

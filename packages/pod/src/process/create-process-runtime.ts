import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@sluice/contracts/errors'
import type { Pod, PodEnd, PodRuntime, PodSpec } from '../runtime/pod-runtime.ts'
import { startProcessPod, type ProcessPod } from './process-pod.ts'
import { sweepLeftovers } from './sweep-leftovers.ts'
import { WarmPool } from './warm-pool.ts'
import { prepareSlot } from './warm-slot.ts'

export interface ProcessRuntimeOptions {
  /** Folder of this delegate for pods, 0700. Delegates of one machine may share it. */
  stateFolder: string
  /** Files that Node runs: `dist/*.mjs` bundles, or the sources where there is no bundle. */
  programs: { liteEngine: string; dbStep: string }
  /** Slots prepared ahead; 1 by default, 0 switches the warm pool off. */
  warmSlots?: number
  /** Variables for the pods beside the scrubbed ones, e.g. the file with the git hosts' certificate authority. */
  environment?: Readonly<Record<string, string>>
  /** Milliseconds that a pod's logs get to be shipped at cleanup; 10,000 by default. */
  shipWithinMs?: number
  /** Milliseconds for a pod's start; 20,000 by default. */
  startWithinMs?: number
  /** Lines that the pod's programs write to stderr, and what the pool could not do. */
  onDiagnostics?: (program: string, line: string) => void
  /** What an owner should know of a pod: it ended by itself, or lines of its logs are missing. */
  onWarning?: (podId: string, sentence: string) => void
}

/** A short step is over by then, and a slot takes less time to prepare than a stage takes to get to the next pod. */
const REFILL_AFTER_MS = 500

/**
 * The `process` runtime: a pod is two child processes on a loopback block of its own. It isolates nothing between
 * programs of one user, so it runs our own db-step only. Children end with this process, also after a kill -9.
 */
export async function createProcessRuntime(options: ProcessRuntimeOptions): Promise<PodRuntime> {
  const podsFolder = join(options.stateFolder, 'pods')
  const compileCacheFolder = join(options.stateFolder, 'compile-cache')
  await mkdir(podsFolder, { recursive: true, mode: 0o700 })
  await mkdir(compileCacheFolder, { recursive: true, mode: 0o700 })
  const startWithinMs = options.startWithinMs ?? 20_000
  const onDiagnostics = options.onDiagnostics ?? (() => {})
  const pool = new WarmPool({
    size: options.warmSlots ?? 1,
    prepare: () =>
      prepareSlot({
        podsFolder,
        compileCacheFolder,
        programs: options.programs,
        environment: options.environment ?? {},
        startWithinMs,
        onDiagnostics,
      }),
    onError: (error) => onDiagnostics('warm pool', error instanceof Error ? error.message : String(error)),
  })
  const pods = new Map<string, Promise<ProcessPod>>()
  const ready = new Map<string, ProcessPod>()
  const cleanups = new Map<string, Promise<PodEnd | undefined>>()
  const warn = options.onWarning ?? (() => {})
  let isClosed = false
  pool.fill()

  const start = async (spec: PodSpec, signal: AbortSignal | undefined): Promise<ProcessPod> => {
    try {
      const pod = await startProcessPod(pool, spec, {
        startWithinMs,
        shipWithinMs: options.shipWithinMs ?? 10_000,
        signal,
        onIdle: () => void endIdle(spec),
      })
      ready.set(spec.podId, pod)
      return pod
    } catch (cause) {
      pods.delete(spec.podId)
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new AppError(
        'POD_INIT_FAILED',
        `The pod "${spec.podId}" could not be started: ${reason} Look at the delegate's log, then run the step again.`,
        { cause },
      )
    } finally {
      // Not at once: what the new pod does first is in somebody's way, the next pod's slot isn't yet.
      setTimeout(() => pool.fill(), REFILL_AFTER_MS).unref()
    }
  }
  const cleanup = async (podId: string): Promise<PodEnd | undefined> => {
    const starting = pods.get(podId)
    if (starting === undefined) return cleanups.get(podId)
    pods.delete(podId)
    const ending = starting.then(
      (pod) => pod.dispose(),
      () => undefined, // An init that failed has cleaned up after itself.
    )
    cleanups.set(podId, ending)
    try {
      const end = await ending
      const sentence = end === undefined ? undefined : missingLines(end)
      if (sentence !== undefined) warn(podId, sentence)
      return end
    } finally {
      ready.delete(podId)
      cleanups.delete(podId)
    }
  }
  const endIdle = async ({ podId, maxIdleMs }: PodSpec): Promise<void> => {
    warn(podId, `It ran nothing for ${Math.round(maxIdleMs / 1000)} s and nobody ended it, so it ends by itself.`)
    try {
      await cleanup(podId)
    } catch (error) {
      warn(podId, `It could not be ended: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return {
    kind: 'process',
    init: (spec, signal): Promise<Pod> => {
      if (isClosed) throw new AppError('POD_INIT_FAILED', 'The delegate is stopping and starts no more pods.')
      const existing = pods.get(spec.podId)
      if (existing) return existing
      const starting = start(spec, signal)
      pods.set(spec.podId, starting)
      return starting
    },
    find: (podId) => ready.get(podId),
    cleanup,
    sweep: () => sweepLeftovers(podsFolder, Date.now()),
    close: async () => {
      isClosed = true
      await Promise.all([...pods.keys()].map(cleanup))
      await Promise.all(cleanups.values())
      await pool.close()
    },
  }
}

function missingLines({ unshippedLines }: PodEnd): string | undefined {
  if (unshippedLines === 0) return undefined
  return unshippedLines === undefined
    ? 'Its lite engine did not answer at the end: the last lines of its logs may be missing.'
    : `${unshippedLines} lines of its logs were not taken by the log service in time and are missing there.`
}

import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createPodCertificates, type PodCertificates } from '../identity/pod-authority.ts'
import { claimLoopbackBlock, type LoopbackBlock } from './loopback-block.ts'
import { writeOwnerMarker } from './owner-marker.ts'
import { spawnProgram, type PodProcess } from './spawn-program.ts'

export interface SlotOptions {
  /** Folder of all pods of this machine's delegates with the same state folder. */
  podsFolder: string
  compileCacheFolder: string
  programs: { liteEngine: string; dbStep: string }
  environment: Readonly<Record<string, string>>
  onDiagnostics: (program: string, line: string) => void
}

/** A pod that isn't one yet: processes that wait for an identity, their folder, addresses and certificates. Single use. */
export interface WarmSlot {
  readonly name: string
  readonly folder: string
  readonly workspace: string
  readonly liteEngine: PodProcess
  readonly dbStep: PodProcess
  readonly block: LoopbackBlock
  readonly certificates: PodCertificates
  readonly isUsable: boolean
  /** Ends the processes (`graceMs` to end by themselves), removes the folder, gives the addresses back. Idempotent. */
  dispose(graceMs: number): Promise<void>
}

/** Members of a block: the lite engine is .1, the step .2. */
export const MEMBERS = { liteEngine: 1, dbStep: 2 } as const

/** Prepares a slot. What was made is removed again when a part fails. */
export async function prepareSlot(options: SlotOptions): Promise<WarmSlot> {
  const name = randomBytes(8).toString('hex')
  const folder = join(options.podsFolder, name)
  const workspace = join(folder, 'workspace')
  await mkdir(options.podsFolder, { recursive: true, mode: 0o700 })
  await mkdir(folder, { mode: 0o700 })
  await mkdir(workspace, { mode: 0o700 })
  await writeOwnerMarker(folder, [])
  const spawnIn = (program: 'lite-engine' | 'db-step', file: string): Promise<PodProcess> =>
    spawnProgram({
      name: program,
      file,
      folder: join(folder, program),
      environment: options.environment,
      compileCacheFolder: options.compileCacheFolder,
      onDiagnostics: (line) => options.onDiagnostics(program, line),
    })
  const [block, certificates, liteEngine, dbStep] = await Promise.allSettled([
    claimLoopbackBlock(Object.keys(MEMBERS).length),
    createPodCertificates(name),
    spawnIn('lite-engine', options.programs.liteEngine),
    spawnIn('db-step', options.programs.dbStep),
  ])
  let disposed: Promise<void> | undefined
  const dispose = (graceMs: number): Promise<void> =>
    (disposed ??= (async () => {
      const processes = [liteEngine, dbStep].filter((part) => part.status === 'fulfilled')
      await Promise.all(processes.map((part) => part.value.end(graceMs)))
      if (block.status === 'fulfilled') await block.value.release()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    })())
  if (
    block.status === 'rejected' ||
    certificates.status === 'rejected' ||
    liteEngine.status === 'rejected' ||
    dbStep.status === 'rejected'
  ) {
    await dispose(0)
    const failed = [block, certificates, liteEngine, dbStep].find((part) => part.status === 'rejected')
    throw failed?.reason instanceof Error ? failed.reason : new Error('The pod could not be prepared.')
  }
  await writeOwnerMarker(folder, [liteEngine.value.pid, dbStep.value.pid])
  return {
    name,
    folder,
    workspace,
    liteEngine: liteEngine.value,
    dbStep: dbStep.value,
    block: block.value,
    certificates: certificates.value,
    get isUsable() {
      return disposed === undefined && !liteEngine.value.hasExited && !dbStep.value.hasExited
    },
    dispose,
  }
}

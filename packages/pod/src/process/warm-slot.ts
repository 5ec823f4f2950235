import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LiteEngineServiceClient } from '@sluice/proto/lite-engine'
import { createPodClient, waitForChannel, type PodAddress } from '../grpc/create-pod-client.ts'
import { createPodCertificates, roleUri, serverNameOf, type PodCertificates } from '../identity/pod-authority.ts'
import { claimLoopbackBlock, type LoopbackBlock } from './loopback-block.ts'
import { writeOwnerMarker } from './owner-marker.ts'
import { spawnProgram, type PodProcess } from './spawn-program.ts'

export interface SlotOptions {
  /** Folder of all pods of this machine's delegates with the same state folder. */
  podsFolder: string
  compileCacheFolder: string
  programs: { liteEngine: string; dbStep: string }
  environment: Readonly<Record<string, string>>
  /** Milliseconds until both programs must listen. */
  startWithinMs: number
  onDiagnostics: (program: string, line: string) => void
}

/**
 * A pod that isn't one yet: two processes with an identity of their own (folder, addresses, certificates), connected
 * with each other and with this process, but without a pod's name or secrets. Single use.
 */
export interface WarmSlot {
  readonly name: string
  readonly liteEngine: PodProcess
  readonly dbStep: PodProcess
  /** Connected to the lite engine. */
  readonly client: LiteEngineServiceClient
  /** Where the lite engine finds the step container. */
  readonly stepAddress: PodAddress
  readonly isUsable: boolean
  /** Ends the processes (`graceMs` to end by themselves), removes the folder, gives the addresses back. Idempotent. */
  dispose(graceMs: number): Promise<void>
}

/** Members of a block: the lite engine is .1, the step .2. */
const MEMBERS = { liteEngine: 1, dbStep: 2 } as const

interface Parts {
  name: string
  folder: string
  workspace: string
  block: LoopbackBlock
  certificates: PodCertificates
  liteEngine: PodProcess
  dbStep: PodProcess
}

/** Prepares a slot. What was made is removed again when a part fails. @throws Error with the reason. */
export async function prepareSlot(options: SlotOptions): Promise<WarmSlot> {
  const name = randomBytes(8).toString('hex')
  const folder = join(options.podsFolder, name)
  const workspace = join(folder, 'workspace')
  await mkdir(folder, { recursive: true, mode: 0o700 })
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
  const parts = await Promise.allSettled([
    claimLoopbackBlock(Object.keys(MEMBERS).length),
    createPodCertificates(name),
    spawnIn('lite-engine', options.programs.liteEngine),
    spawnIn('db-step', options.programs.dbStep),
  ])
  const [block, certificates, liteEngine, dbStep] = parts
  let client: LiteEngineServiceClient | undefined
  let disposed: Promise<void> | undefined
  const dispose = (graceMs: number): Promise<void> =>
    (disposed ??= (async () => {
      client?.close()
      const processes = [liteEngine, dbStep].filter((part) => part.status === 'fulfilled')
      await Promise.all(processes.map((part) => part.value.end(graceMs)))
      if (block.status === 'fulfilled') await block.value.release()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    })())
  try {
    const made: Parts = {
      name,
      folder,
      workspace,
      block: unwrap(block),
      certificates: unwrap(certificates),
      liteEngine: unwrap(liteEngine),
      dbStep: unwrap(dbStep),
    }
    await writeOwnerMarker(folder, [made.liteEngine.pid, made.dbStep.pid])
    const { liteEngineAddress, stepAddress } = await identify(made, options.startWithinMs)
    const { caPem, roles } = made.certificates
    client = createPodClient(LiteEngineServiceClient, liteEngineAddress, { caPem, ...roles.delegate })
    await waitForChannel(client, options.startWithinMs)
    return {
      name,
      liteEngine: made.liteEngine,
      dbStep: made.dbStep,
      client,
      stepAddress,
      get isUsable() {
        return disposed === undefined && !made.liteEngine.hasExited && !made.dbStep.hasExited
      },
      dispose,
    }
  } catch (error) {
    await dispose(0)
    throw error
  }
}

/** Tells each process who it is, over its stdin, and waits until it listens. */
async function identify(
  { name, workspace, block, certificates, liteEngine, dbStep }: Parts,
  withinMs: number,
): Promise<{ liteEngineAddress: PodAddress; stepAddress: PodAddress }> {
  const { caPem, roles } = certificates
  const stepEndpoint = block.endpoint(MEMBERS.dbStep)
  const step = await dbStep.identify(
    { caPem, workspace, ...roles.step, ...stepEndpoint, allowedPeer: roleUri(name, 'lite-engine'), peers: [] },
    withinMs,
  )
  const stepAddress = { host: stepEndpoint.host, port: step.port, serverName: serverNameOf(name, 'step') }
  const endpoint = block.endpoint(MEMBERS.liteEngine)
  const allowedPeer = roleUri(name, 'delegate')
  const engine = await liteEngine.identify(
    { caPem, workspace, ...roles['lite-engine'], ...endpoint, allowedPeer, peers: [stepAddress] },
    withinMs,
  )
  const serverName = serverNameOf(name, 'lite-engine')
  return { liteEngineAddress: { host: endpoint.host, port: engine.port, serverName }, stepAddress }
}

function unwrap<Value>(part: PromiseSettledResult<Value>): Value {
  if (part.status === 'fulfilled') return part.value
  throw part.reason instanceof Error ? part.reason : new Error(String(part.reason))
}

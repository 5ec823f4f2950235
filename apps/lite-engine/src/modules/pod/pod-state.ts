import type { StepServiceClient } from '@sluice/proto/step'
import type { SetupRequest, SetupResponse } from '@sluice/proto/lite-engine'
import { callUnary, waitForChannel } from '@sluice/pod/grpc'
import type { StepChannels } from './step-channels.ts'
import type { LogClient } from '../log/log-client.ts'

const CONNECT_WITHIN_MS = 10_000

/** What Setup made known: the pod's steps with open channels, its opened secrets, and the log receiver. */
export interface PodState {
  readonly podId: string
  readonly steps: ReadonlyMap<string, StepServiceClient>
  readonly secrets: ReadonlyMap<string, string>
  /** Undefined when lines only stay in the pod. */
  readonly log: { client: LogClient; token: string } | undefined
  readonly answer: SetupResponse
  /** How long each step took to answer, in milliseconds. */
  readonly connectMs: ReadonlyMap<string, number>
  close(): Promise<void>
}

/** Connects to every step of the pod and asks each what it can do. @throws Error that names the step. */
export async function openPod(channels: StepChannels, request: SetupRequest): Promise<PodState> {
  const steps = new Map<string, StepServiceClient>()
  for (const step of request.steps) steps.set(step.name, channels.to(step))
  const connectMs = new Map<string, number>()
  const states = await Promise.all(
    request.steps.map(async ({ name, host, port }) => {
      const startedAt = performance.now()
      const client = steps.get(name)
      if (client === undefined) throw new Error(`The step "${name}" has no client.`)
      try {
        await waitForChannel(client, CONNECT_WITHIN_MS)
        const { version, operations } = await callUnary(client.ping.bind(client), {}, { withinMs: CONNECT_WITHIN_MS })
        connectMs.set(name, Math.round(performance.now() - startedAt))
        return { name, version, operations }
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new Error(`The step container "${name}" at ${host}:${port} did not answer: ${reason}`, { cause })
      }
    }),
  )
  const log = await openLog(request)
  return {
    podId: request.podId,
    steps,
    secrets: new Map(Object.entries(request.secrets)),
    log,
    answer: { steps: states },
    connectMs,
    close: async () => {
      await log?.client.destroy()
    },
  }
}

async function openLog(request: SetupRequest): Promise<PodState['log']> {
  if (request.log === undefined || request.log.url === '') return undefined
  // The HTTP client is a chunk of its own that loads while the process waits for its identity.
  const { createLogClient } = await import('../log/log-client.ts')
  return { client: createLogClient(request.log), token: request.log.token }
}

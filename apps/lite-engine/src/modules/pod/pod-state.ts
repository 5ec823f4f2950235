import { StepServiceClient } from '@sluice/proto/step'
import type { SetupRequest, SetupResponse } from '@sluice/proto/lite-engine'
import { callUnary, createPodClient, waitForChannel } from '@sluice/pod/grpc'
import type { ProcessIdentity } from '@sluice/pod/program'
import { createLogClient, type LogClient } from '../log/log-client.ts'

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
export async function openPod(identity: ProcessIdentity, request: SetupRequest): Promise<PodState> {
  const clients = new Map<string, StepServiceClient>()
  const steps = new Map<string, StepServiceClient>()
  for (const step of request.steps) {
    const address = `${step.host}:${step.port}/${step.serverName}`
    const client = clients.get(address) ?? createPodClient(StepServiceClient, step, identity)
    clients.set(address, client)
    steps.set(step.name, client)
  }
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
        for (const open of clients.values()) open.close()
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new Error(`The step container "${name}" at ${host}:${port} did not answer: ${reason}`, { cause })
      }
    }),
  )
  const log =
    request.log === undefined || request.log.url === ''
      ? undefined
      : { client: createLogClient(request.log), token: request.log.token }
  return {
    podId: request.podId,
    steps,
    secrets: new Map(Object.entries(request.secrets)),
    log,
    answer: { steps: states },
    connectMs,
    close: async () => {
      for (const client of clients.values()) client.close()
      await log?.client.destroy()
    },
  }
}

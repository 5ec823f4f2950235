import { createPodClient, type PodAddress } from '@sluice/pod/grpc'
import type { ProcessIdentity } from '@sluice/pod/program'
import { StepServiceClient } from '@sluice/proto/step'

/** Channels to the pod's step containers, one per address; those of the identity's peers are opened ahead. */
export class StepChannels {
  readonly #identity: ProcessIdentity
  readonly #clients = new Map<string, StepServiceClient>()

  constructor(identity: ProcessIdentity) {
    this.#identity = identity
    for (const peer of identity.peers) this.to(peer)
  }

  to({ host, port, serverName }: PodAddress): StepServiceClient {
    const key = `${host}:${port}/${serverName}`
    const client =
      this.#clients.get(key) ?? createPodClient(StepServiceClient, { host, port, serverName }, this.#identity)
    this.#clients.set(key, client)
    return client
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
  }
}

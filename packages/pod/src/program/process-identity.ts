import { z } from 'zod'

/**
 * What a pod's process is told once, as one line of JSON on its stdin, and holds in memory only: who it is, whom it
 * trusts, where it listens. Never on the command line and never in the environment.
 */
export const ProcessIdentity = z.object({
  /** The pod's own certificate authority, PEM. It exists for this pod only; its key is gone. */
  caPem: z.string(),
  certificatePem: z.string(),
  keyPem: z.string(),
  /** URI SAN of the one peer that may call this process. */
  allowedPeer: z.string(),
  /** Address to listen on; port 0 where the platform has no loopback block. */
  host: z.string(),
  port: z.number().int().min(0).max(65_535),
  /** Servers of the pod that this process will call: it connects to them ahead. */
  peers: z.array(z.object({ host: z.string(), port: z.number().int(), serverName: z.string() })),
  /** Folder shared by the pod's processes. */
  workspace: z.string(),
})
export type ProcessIdentity = z.infer<typeof ProcessIdentity>

/** What a process answers on stdout once it listens, or when it can't. */
export const ProcessReport = z.discriminatedUnion('state', [
  z.object({ state: z.literal('listening'), port: z.number().int() }),
  z.object({ state: z.literal('failed'), message: z.string() }),
])
export type ProcessReport = z.infer<typeof ProcessReport>

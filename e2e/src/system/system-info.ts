import { SERVICE_NAMES } from '@sluice/contracts/network'
import { z } from 'zod'

const Account = z.object({ email: z.string(), password: z.string() })
const ByService = z.record(z.string(), z.string())

/** What the test files know of the running system. */
export const SystemInfo = z.object({
  gatewayUrl: z.string(),
  caPem: z.string(),
  caFile: z.string(),
  first: Account,
  second: Account,
  /** Superuser of the customer's own Postgres, which Sluice knows nothing of. */
  customerUrl: z.string(),
  customerLog: z.string(),
  traceFile: z.string(),
  controlSocket: z.string(),
  /** Superuser of Sluice's own Postgres. */
  postgresUrl: z.string(),
  databaseUrls: ByService,
  redisUrls: ByService,
  redisAdminUrl: z.string(),
  serviceUrls: ByService,
  /** Listeners beside the gateway that ask for tokens instead of certificates. */
  publicUrls: ByService,
  /** Of the services and the delegate. */
  healthUrls: ByService,
  serviceUris: ByService,
  certificates: z.string(),
  logs: z.string(),
  dataDir: z.string(),
  demo: z.object({
    /** Working clone whose pushes are allowed. */
    clone: z.string(),
    gitUrl: z.string(),
    /** Of the databases' owners. */
    databaseUrls: z.object({ staging: z.string(), production: z.string() }),
  }),
})
export type SystemInfo = z.infer<typeof SystemInfo>

export const ProcessName = z.enum([...SERVICE_NAMES, 'delegate', 'postgres', 'redis'])
export type ProcessName = z.infer<typeof ProcessName>

/** What the process that started the system is asked. */
export const Question = z.discriminatedUnion('type', [
  z.object({ type: z.literal('kill'), process: ProcessName }),
  z.object({ type: z.literal('restart'), process: ProcessName }),
  z.object({ type: z.literal('createRepository'), name: z.string(), files: z.record(z.string(), z.string()) }),
  z.object({
    type: z.literal('commit'),
    name: z.string(),
    files: z.record(z.string(), z.string()),
    branch: z.string().optional(),
    tag: z.string().optional(),
  }),
])
export type Question = z.infer<typeof Question>

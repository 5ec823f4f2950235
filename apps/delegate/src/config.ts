import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { AppError } from '@sluice/contracts/errors'
import { z } from 'zod'

/** Version of this program, as the control plane shows it. */
export const DELEGATE_VERSION = '0.1.0'

export interface DelegateConfig {
  name: string
  tags: string[]
  /** `dlt.<account>.<token>.<seed>`; needed to enrol, not after. */
  token?: string
  /** File that holds it; read only when it is needed. */
  tokenFile?: string
  /** Public URL of delegate-service, without a path. */
  serviceUrl: string
  /** Certificates to trust beside the platform's own, PEM. */
  caPem?: string
  /** Certificates of git hosts with a private authority, PEM. */
  gitCaPem?: string
  dataDir: string
  health: { host: string; port: number }
  /** Tasks at once. */
  capacity: number
  warmPods: number
  /** Milliseconds that running steps have to end when the delegate is told to stop. */
  drainMs: number
  /** Runtimes of pipelines that this delegate runs as its own processes, because its owner said so. */
  runAsProcess: string[]
  /** `1`: the image says that this is a container, which gives "localhost" another meaning; `0`: it is none. */
  inContainer?: string
  programs: { liteEngine: string; dbStep: string }
  logLevel: string
  traceFile?: string
}

const Env = z.object({
  SLUICE_DELEGATE_NAME: z.string().min(1).max(128).default(hostname()),
  SLUICE_DELEGATE_TAGS: z.string().default(''),
  SLUICE_DELEGATE_TOKEN: z.string().optional(),
  SLUICE_DELEGATE_TOKEN_FILE: z.string().optional(),
  SLUICE_DELEGATE_SERVICE_URL: z.url({ protocol: /^https$/ }),
  SLUICE_CA_FILE: z.string().optional(),
  SLUICE_GIT_CA_FILE: z.string().optional(),
  SLUICE_DATA_DIR: z.string(),
  SLUICE_HEALTH_HOST: z.string().default('127.0.0.1'),
  SLUICE_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(9468),
  SLUICE_DELEGATE_CAPACITY: z.coerce.number().int().min(1).max(256).default(32),
  /** Give it as long as a step may take where the platform waits that long; `npm start` waits 10 s. */
  SLUICE_DELEGATE_DRAIN_SECONDS: z.coerce.number().int().min(1).max(86_400).default(8),
  SLUICE_DELEGATE_WARM_PODS: z.coerce.number().int().min(0).max(16).default(1),
  /** `kubernetes,docker`: pods of these runtimes run as processes here (a laptop). */
  SLUICE_DELEGATE_RUN_AS_PROCESS: z.string().default(''),
  SLUICE_DELEGATE_IN_CONTAINER: z.enum(['0', '1']).optional(),
  SLUICE_LOG_LEVEL: z.string().default('info'),
  SLUICE_TRACE_FILE: z.string().optional(),
})

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** The bundle beside the program, as `npm run bundle` and the image lay it out; in a fresh checkout its source. */
function program(app: string): string {
  const bundle = fileURLToPath(new URL(`../../${app}/dist/main.mjs`, import.meta.url))
  return existsSync(bundle) ? bundle : fileURLToPath(new URL(`../../${app}/src/main.ts`, import.meta.url))
}

/**
 * Reads the delegate's configuration.
 * @throws AppError INVALID_REQUEST that lists every problem at once.
 */
export function loadConfig(env: NodeJS.ProcessEnv): DelegateConfig {
  const parsed = Env.safeParse(env)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new AppError('INVALID_REQUEST', `The delegate can't start, its environment is wrong: ${problems.join('; ')}.`)
  }
  const value = parsed.data
  return {
    name: value.SLUICE_DELEGATE_NAME,
    tags: listOf(value.SLUICE_DELEGATE_TAGS),
    token: value.SLUICE_DELEGATE_TOKEN?.trim(),
    tokenFile: value.SLUICE_DELEGATE_TOKEN_FILE,
    serviceUrl: value.SLUICE_DELEGATE_SERVICE_URL.replace(/\/$/, ''),
    // Empty takes back what an image names.
    caPem:
      value.SLUICE_CA_FILE === undefined || value.SLUICE_CA_FILE === ''
        ? undefined
        : readFileSync(value.SLUICE_CA_FILE, 'utf8'),
    gitCaPem: value.SLUICE_GIT_CA_FILE === undefined ? undefined : readFileSync(value.SLUICE_GIT_CA_FILE, 'utf8'),
    dataDir: value.SLUICE_DATA_DIR,
    health: { host: value.SLUICE_HEALTH_HOST, port: value.SLUICE_HEALTH_PORT },
    capacity: value.SLUICE_DELEGATE_CAPACITY,
    drainMs: value.SLUICE_DELEGATE_DRAIN_SECONDS * 1000,
    warmPods: value.SLUICE_DELEGATE_WARM_PODS,
    inContainer: value.SLUICE_DELEGATE_IN_CONTAINER,
    runAsProcess: listOf(value.SLUICE_DELEGATE_RUN_AS_PROCESS),
    programs: { liteEngine: program('lite-engine'), dbStep: program('db-step') },
    logLevel: value.SLUICE_LOG_LEVEL,
    traceFile: value.SLUICE_TRACE_FILE,
  }
}

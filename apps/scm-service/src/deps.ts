import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { createPool, createPrismaAdapter } from '@sluice/database'
import {
  createAccessControl,
  createIdentity,
  createLogger,
  createMetrics,
  createTokenVerifier,
  loadAccessBindings,
  type AccessControl,
  type ServiceIdentity,
  type ServiceMetrics,
  type TokenVerifier,
} from '@sluice/service-kit'
import type { Logger } from 'pino'
import type { ScmServiceConfig } from './config.ts'
import { PrismaClient } from './generated/prisma/client.ts'
import { createGitReader, type GitReader } from './modules/git/git-reader.ts'
import { createRefCache, type RefCache } from './modules/ref/ref-cache.ts'
import { createResolveRef, type ResolveRef } from './modules/ref/resolve-ref.ts'

export interface ScmServiceDeps {
  config: ScmServiceConfig
  logger: Logger
  identity: ServiceIdentity
  metrics: ServiceMetrics
  verifier: TokenVerifier
  access: AccessControl
  reader: GitReader
  cache: RefCache
  resolveRef: ResolveRef
  /** Named checks of what the service can't do without. */
  checks: Record<string, () => Promise<unknown>>
  /** Closes what was opened here. */
  close(): Promise<void>
}

/** Below the 15 s that a caller waits. */
const GIT_TIMEOUT_MS = 12_000
/** A git process takes 10 to 20 MiB and mostly waits. */
const GIT_CONCURRENCY = 16

/** Opens everything that scm-service works with. */
export async function createDeps(config: ScmServiceConfig): Promise<ScmServiceDeps> {
  const identity = createIdentity(config.tls)
  const trust = config.gitCaFile === undefined ? undefined : await writeTrust(config.gitCaFile)
  const pool = createPool({ url: config.databaseUrl, applicationName: 'scm-service' })
  const cache = createRefCache(new PrismaClient({ adapter: createPrismaAdapter(pool, 'scm') }))
  const reader = createGitReader({
    allowedHosts: config.allowedHosts,
    caFile: trust?.file,
    timeoutMs: GIT_TIMEOUT_MS,
    concurrency: GIT_CONCURRENCY,
  })
  return {
    config,
    logger: createLogger(config),
    identity,
    metrics: createMetrics('scm-service'),
    verifier: createTokenVerifier({ identity }),
    access: createAccessControl({ loadBindings: loadAccessBindings(pool) }),
    reader,
    cache,
    resolveRef: createResolveRef({ reader, cache }),
    checks: { postgres: () => pool.query('select 1') },
    async close() {
      await pool.end()
      identity.close()
      if (trust !== undefined) await rm(trust.folder, { recursive: true, force: true })
    },
  }
}

/** Git trusts one file: the well-known authorities and the operator's own. */
async function writeTrust(extraFile: string): Promise<{ folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-scm-trust-'))
  const file = join(folder, 'authorities.pem')
  await writeFile(file, [...rootCertificates, await readFile(extraFile, 'utf8')].join('\n'))
  return { folder, file }
}

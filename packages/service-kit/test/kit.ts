import type { InternalClaims } from '@sluice/contracts/access'
import type { ServiceName } from '@sluice/contracts/network'
import { makeTestCa, type TestCa } from '@sluice/testing'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { Agent, request, type Dispatcher } from 'undici'
import type { Actor } from '../src/actor.ts'
import { createServiceClient, type ServiceClient } from '../src/client.ts'
import type { ServiceConfig } from '../src/config.ts'
import { createIdentity, type ServiceIdentity } from '../src/identity.ts'
import { createServer } from '../src/server.ts'
import { createTokenVerifier, INTERNAL_AUDIENCE, signAsService, type TokenVerifier } from '../src/tokens.ts'

export const logger = pino({ level: 'silent' })

export const CLAIMS: InternalClaims = {
  accountId: 'acc-1',
  principal: { type: 'USER', id: 'usr-1', name: 'Ana' },
  groups: [],
  accessVersion: 1,
  featureFlags: [],
}

/** An answer as it came over the wire. */
export interface Raw {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: unknown
}

export interface Kit {
  ca: TestCa
  verifier: TokenVerifier
  identity(service: ServiceName): Promise<ServiceIdentity>
  /** An internal listener of `service` with what `register` mounts. */
  serve(
    service: ServiceName,
    register: (app: FastifyInstance, client: ServiceClient) => unknown,
    destinations?: ServiceConfig['destinations'],
  ): Promise<string>
  client(service: ServiceName, destinations: ServiceConfig['destinations']): Promise<ServiceClient>
  /** A request over a TLS connection that shows the certificate of `service`, or this one, or none. */
  raw(
    url: string,
    as: ServiceName | { cert: string; key: string } | undefined,
    options?: { method?: Dispatcher.HttpMethod; headers?: Record<string, string>; body?: string },
  ): Promise<Raw>
  /** NG Core's internal token for these claims. */
  token(claims?: Partial<InternalClaims>): Promise<string>
  actor(claims?: Partial<InternalClaims>): Promise<Actor>
  stop(): Promise<void>
}

/** Servers and clients of one network with a certificate authority of its own. */
export async function createKit(): Promise<Kit> {
  const ca = await makeTestCa()
  const closers: (() => Promise<unknown> | void)[] = []
  const identities = new Map<ServiceName, Promise<ServiceIdentity>>()
  const tlsOf = async (service: ServiceName) => {
    const { certFile, keyFile } = await ca.serviceCertificate(service)
    return { certFile, keyFile, caFile: ca.caFile }
  }
  const identity = (service: ServiceName): Promise<ServiceIdentity> => {
    const known = identities.get(service)
    if (known !== undefined) return known
    const made = tlsOf(service).then((files) => {
      const created = createIdentity(files)
      closers.unshift(() => created.close())
      return created
    })
    identities.set(service, made)
    return made
  }
  const client = async (service: ServiceName, destinations: ServiceConfig['destinations']): Promise<ServiceClient> => {
    const created = createServiceClient({
      config: { service, destinations },
      identity: await identity(service),
      logger,
    })
    closers.unshift(() => created.close())
    return created
  }
  const token = async (claims: Partial<InternalClaims> = {}): Promise<string> =>
    signAsService(await identity('ng-core'), {
      audience: INTERNAL_AUDIENCE,
      claims: { ...CLAIMS, ...claims },
      expiresInS: 60,
    })
  return {
    ca,
    identity,
    client,
    token,
    verifier: createTokenVerifier({ identity: await identity('ng-manager') }),
    serve: async (service, register, destinations = {}) => {
      const config: ServiceConfig = {
        service,
        http: { host: '127.0.0.1', port: 0 },
        health: { host: '127.0.0.1', port: 0 },
        tls: await tlsOf(service),
        destinations,
        logLevel: 'silent',
      }
      const app = createServer({ config, identity: await identity(service), logger, listener: 'internal' })
      await register(app, await client(service, destinations))
      closers.unshift(() => app.close())
      return app.listen(config.http)
    },
    raw: async (url, as, options = {}) => {
      const credentials = typeof as === 'string' ? await ca.serviceCertificate(as) : as
      const agent = new Agent({ connect: { ca: ca.ca, cert: credentials?.cert, key: credentials?.key } })
      try {
        const { method, headers, body } = options
        const response = await request(url, { method, headers, body, dispatcher: agent })
        const text = await response.body.text()
        return {
          status: response.statusCode,
          headers: response.headers,
          body: text === '' ? undefined : JSON.parse(text),
        }
      } finally {
        await agent.destroy()
      }
    },
    actor: async (claims = {}) => ({
      ...CLAIMS,
      ...claims,
      correlationId: 'corr-1',
      source: 'token',
      token: await token(claims),
    }),
    stop: async () => {
      for (const close of closers) await close()
      await ca.dispose()
    },
  }
}

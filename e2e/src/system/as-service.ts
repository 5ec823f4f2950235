import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecureVersion } from 'node:tls'
import type { ServiceName } from '@sluice/contracts/network'
import { Agent, request } from 'undici'
import { system } from './system.ts'

export interface Credentials {
  cert: string
  key: string
  ca: string
  /** Newest version of TLS to offer. */
  maxVersion?: SecureVersion
}

/** The certificate that the running service itself uses. */
export async function credentialsOf(service: ServiceName): Promise<Credentials> {
  const folder = join(system.certificates, service)
  const [cert, key] = await Promise.all([
    readFile(join(folder, 'service.pem'), 'utf8'),
    readFile(join(folder, 'service.key'), 'utf8'),
  ])
  return { cert, key, ca: system.caPem }
}

export interface ListenerAnswer {
  status: number
  /** Code of an error body, else ''. */
  code: string
  text: string
}

export interface Speaker {
  send(
    origin: string,
    path: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<ListenerAnswer>
  close(): Promise<void>
}

/** Somebody who opens connections with these credentials; none: a stranger who knows the CA. */
export function speakWith(credentials: Partial<Credentials> = {}): Speaker {
  const dispatcher = new Agent({ connect: { ca: system.caPem, ...credentials, timeout: 5_000 } })
  return {
    async send(origin, path, { method = 'GET', headers = {}, body } = {}) {
      const response = await request(`${origin}${path}`, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: body ?? null,
        dispatcher,
        signal: AbortSignal.timeout(10_000),
      })
      const text = await response.body.text()
      return { status: response.statusCode, code: /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? '', text }
    },
    close: () => dispatcher.destroy(),
  }
}

/** Speaks with the certificate of a running service. */
export async function speakAs(service: ServiceName): Promise<Speaker> {
  return speakWith(await credentialsOf(service))
}

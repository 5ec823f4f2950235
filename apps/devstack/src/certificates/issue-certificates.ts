import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SERVICE_NAMES, SERVICES, serviceUri } from '@sluice/contracts/network'
import { createAuthority, openAuthority, type Authority, type CertificateRequest } from '@sluice/local-servers'
import type { Layout } from '../folder/layout.ts'

const RENEW_BEFORE_MS = 30 * 86_400_000
/** Every service of this machine is reached as localhost; the URI tells them apart. */
const HERE = { dns: ['localhost'], ips: ['127.0.0.1'] }

/**
 * Makes the local certificate authority and what each service needs, once: later starts only renew what ends within a
 * month. A service's folder holds its own key and nothing of others; the authority's key stays in a folder that no
 * service is told of.
 */
export async function issueCertificates(layout: Layout): Promise<void> {
  const authority = await openOrCreateAuthority(layout)
  for (const service of SERVICE_NAMES) {
    await issue(layout, authority, service, 'service', { commonName: service, uris: [serviceUri(service)], ...HERE })
    const isPublic = service === 'gateway' || SERVICES[service].publicPort !== undefined
    if (isPublic) await issue(layout, authority, service, 'public', { commonName: 'localhost', ...HERE })
  }
}

/** Files of a certificate. */
export function certificateFiles(layout: Layout, service: string, kind: 'service' | 'public') {
  const folder = join(layout.certificates, service)
  return { certFile: join(folder, `${kind}.pem`), keyFile: join(folder, `${kind}.key`) }
}

async function openOrCreateAuthority(layout: Layout): Promise<Authority> {
  const keyFile = join(layout.authority, 'ca.key')
  const [certificate, key] = await Promise.all([readText(layout.caFile), readText(keyFile)])
  if (certificate !== undefined && key !== undefined) return openAuthority({ certificate, key })
  const authority = await createAuthority('Sluice on this machine')
  await writeFile(keyFile, authority.key, { mode: 0o600 })
  await writeFile(layout.caFile, authority.certificate, { mode: 0o644 })
  return authority
}

async function issue(
  layout: Layout,
  authority: Authority,
  service: string,
  kind: 'service' | 'public',
  request: CertificateRequest,
): Promise<void> {
  const { certFile, keyFile } = certificateFiles(layout, service, kind)
  if (isGood(await readText(certFile), authority)) return
  const issued = await authority.issue(request)
  await mkdir(join(layout.certificates, service), { recursive: true, mode: 0o700 })
  await writeFile(keyFile, issued.key, { mode: 0o600 })
  await writeFile(certFile, issued.certificate, { mode: 0o600 })
}

function isGood(pem: string | undefined, authority: Authority): boolean {
  if (pem === undefined) return false
  const certificate = new X509Certificate(pem)
  const isOurs = certificate.verify(new X509Certificate(authority.certificate).publicKey)
  return isOurs && certificate.validToDate.getTime() - Date.now() > RENEW_BEFORE_MS
}

function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined)
}

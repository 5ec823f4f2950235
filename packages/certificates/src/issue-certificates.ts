import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SERVICE_NAMES, SERVICES, serviceUri, type ServiceName } from '@sluice/contracts/network'
import { createAuthority, openAuthority, type Authority, type CertificateRequest } from './authority.ts'

const RENEW_BEFORE_MS = 30 * 86_400_000

export interface CertificateFolders {
  /** The authority with its key; no service is told of it. */
  authority: string
  /** One folder per service. */
  certificates: string
  /** The authority's certificate, for everybody. */
  caFile: string
}

/** Names that a listener is reached by. */
export interface ListenerNames {
  dns: readonly string[]
  ips?: readonly string[]
}

/** Where every service of a machine is reached as localhost; the URI tells them apart. */
export const LOCALHOST: ListenerNames = { dns: ['localhost'], ips: ['127.0.0.1'] }

/**
 * Makes the certificate authority and what each service needs, once: later calls only renew what ends within a month,
 * or lacks a name. A service's folder holds its own key and nothing of others; the authority's key stays in a folder
 * that no service is told of.
 * @param namesOf what a service is reached by; the first name is the common name of a public listener's certificate
 */
export async function issueCertificates(
  folders: CertificateFolders,
  options: {
    authorityName: string
    namesOf: (service: ServiceName) => ListenerNames
    /** Servers that are no services, by the name of their folder: they get a `public` certificate only. */
    others?: Readonly<Record<string, ListenerNames>>
  },
): Promise<void> {
  const authority = await openOrCreateAuthority(folders, options.authorityName)
  for (const service of SERVICE_NAMES) {
    const names = options.namesOf(service)
    const own = { commonName: service, uris: [serviceUri(service)], ...names }
    await issue(folders, authority, service, 'service', own)
    const isPublic = service === 'gateway' || SERVICES[service].publicPort !== undefined
    if (isPublic) await issue(folders, authority, service, 'public', { commonName: names.dns[0] ?? service, ...names })
  }
  for (const [name, names] of Object.entries(options.others ?? {}))
    await issue(folders, authority, name, 'public', { commonName: names.dns[0] ?? name, ...names })
}

/** Files of a certificate. */
export function certificateFiles(
  folders: Pick<CertificateFolders, 'certificates'>,
  service: string,
  kind: 'service' | 'public',
) {
  const folder = join(folders.certificates, service)
  return { certFile: join(folder, `${kind}.pem`), keyFile: join(folder, `${kind}.key`) }
}

async function openOrCreateAuthority(folders: CertificateFolders, name: string): Promise<Authority> {
  const keyFile = join(folders.authority, 'ca.key')
  const [certificate, key] = await Promise.all([readText(folders.caFile), readText(keyFile)])
  if (certificate !== undefined && key !== undefined) return openAuthority({ certificate, key })
  const authority = await createAuthority(name)
  await writeFile(keyFile, authority.key, { mode: 0o600 })
  await writeFile(folders.caFile, authority.certificate, { mode: 0o644 })
  return authority
}

async function issue(
  folders: CertificateFolders,
  authority: Authority,
  service: string,
  kind: 'service' | 'public',
  request: CertificateRequest,
): Promise<void> {
  const { certFile, keyFile } = certificateFiles(folders, service, kind)
  if (isGood(await readText(certFile), authority, request)) return
  const issued = await authority.issue(request)
  await mkdir(join(folders.certificates, service), { recursive: true, mode: 0o700 })
  await writeFile(keyFile, issued.key, { mode: 0o600 })
  await writeFile(certFile, issued.certificate, { mode: 0o600 })
}

function isGood(pem: string | undefined, authority: Authority, request: CertificateRequest): boolean {
  if (pem === undefined) return false
  const certificate = new X509Certificate(pem)
  const isOurs = certificate.verify(new X509Certificate(authority.certificate).publicKey)
  const hasNames = (request.dns ?? []).every((name) => certificate.checkHost(name) !== undefined)
  return isOurs && hasNames && certificate.validToDate.getTime() - Date.now() > RENEW_BEFORE_MS
}

function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined)
}

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { watchFiles, type WatchOptions } from './watch-files.ts'

export interface ServiceCredentials {
  cert: string
  key: string
  /** One certificate, or several while authorities change. */
  ca: string
}

/** A service's certificate, key and the CA, kept current. */
export interface ServiceIdentity {
  /** Current PEM texts. */
  credentials(): ServiceCredentials
  /** Calls back after the files changed and were read again. */
  onReload(listener: () => void): void
  close(): void
}

/** The PEM texts of each certificate of a file. */
export function splitCertificates(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}

/** A certificate and its key. Throws where they are no pair, rather than at the first handshake. */
export function readPair(files: { certFile: string; keyFile: string }): { cert: string; key: string } {
  const pair = { cert: readFileSync(files.certFile, 'utf8'), key: readFileSync(files.keyFile, 'utf8') }
  createSecureContext(pair)
  return pair
}

function readAuthorities(caFile: string): string {
  const ca = readFileSync(caFile, 'utf8')
  const certificates = splitCertificates(ca)
  if (certificates.length === 0) {
    throw new Error(`"${caFile}" holds no certificate. Put the PEM text of the certificate authority there.`)
  }
  for (const certificate of certificates) void new X509Certificate(certificate)
  return ca
}

/**
 * Loads a service's identity and reloads it when any of its files changes, without a restart. Files that don't belong
 * together yet, because they are being replaced one after the other, leave the old identity as it is.
 */
export function createIdentity(
  files: { certFile: string; keyFile: string; caFile: string },
  options: WatchOptions = {},
): ServiceIdentity {
  const watched = watchFiles(
    [files.certFile, files.keyFile, files.caFile],
    (): ServiceCredentials => ({ ...readPair(files), ca: readAuthorities(files.caFile) }),
    options,
  )
  return { credentials: watched.current, onReload: watched.onChange, close: watched.close }
}

/** URI SANs of a certificate's `subjectaltname` text, e.g. `URI:sluice://service/ng-core, DNS:localhost`. */
export function uriNames(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('URI:'))
    .map((name) => name.slice(4))
}

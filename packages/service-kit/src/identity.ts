import { X509Certificate } from 'node:crypto'
import { readFileSync, watchFile, unwatchFile } from 'node:fs'

export interface ServiceCredentials {
  cert: string
  key: string
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

function read(files: { certFile: string; keyFile: string; caFile: string }): ServiceCredentials {
  const credentials = {
    cert: readFileSync(files.certFile, 'utf8'),
    key: readFileSync(files.keyFile, 'utf8'),
    ca: readFileSync(files.caFile, 'utf8'),
  }
  // Throws here, at start or reload, rather than at the first handshake.
  void new X509Certificate(credentials.cert)
  return credentials
}

/** How often certificate files are looked at: a renewal is hours ahead of expiry. */
const RELOAD_INTERVAL_MS = 30_000

/**
 * Loads a service's identity and reloads it when its certificate file changes, without a restart.
 * A file that can't be read while it is being replaced keeps the old identity until the next look.
 */
export function createIdentity(files: { certFile: string; keyFile: string; caFile: string }): ServiceIdentity {
  let current = read(files)
  const listeners: (() => void)[] = []
  const reload = (): void => {
    try {
      current = read(files)
    } catch {
      // Half-written during a renewal; watchFile fires again when the file settles.
      return
    }
    for (const listener of listeners) listener()
  }
  watchFile(files.certFile, { interval: RELOAD_INTERVAL_MS, persistent: false }, reload)
  return {
    credentials: () => current,
    onReload: (listener) => listeners.push(listener),
    close: () => unwatchFile(files.certFile, reload),
  }
}

/** URI SANs of a certificate's `subjectaltname` text, e.g. `URI:sluice://service/ng-core, DNS:localhost`. */
export function uriNames(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('URI:'))
    .map((name) => name.slice(4))
}

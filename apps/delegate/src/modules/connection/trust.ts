import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'

/**
 * TLS options of every connection to the control plane: the configured certificates are trusted beside the platform's
 * own. Made once, because reading the platform's certificates takes longer than a handshake.
 */
export function trustOf(caPem: string | undefined): { secureContext?: SecureContext } {
  if (caPem === undefined) return {}
  return { secureContext: createSecureContext({ ca: [...rootCertificates, caPem] }) }
}

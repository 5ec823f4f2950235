// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs the polyfill before it is loaded
import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000
/** Clocks of containers and laptops may be a little apart. */
const BACKDATE_MS = 5 * 60_000

export interface CertificateRequest {
  commonName: string
  /** URI subject alternative names, e.g. `sluice://service/ng-core`. */
  uris?: readonly string[]
  /** DNS names, e.g. `localhost`. */
  dns?: readonly string[]
  ips?: readonly string[]
  days?: number
}

/** PEM texts. */
export interface IssuedCertificate {
  certificate: string
  /** PKCS #8, P-256. */
  key: string
}

export interface Authority extends IssuedCertificate {
  issue(request: CertificateRequest): Promise<IssuedCertificate>
}

/** Makes a new certificate authority that may sign leaf certificates only. */
export async function createAuthority(commonName: string, days = 3650): Promise<Authority> {
  const keys = await generateKeys()
  const now = Date.now()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: nameOf(commonName),
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + days * DAY_MS),
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return authorityOf(certificate, keys.privateKey)
}

/** Opens an authority that {@link createAuthority} made earlier. */
export async function openAuthority(pem: IssuedCertificate): Promise<Authority> {
  const [der] = x509.PemConverter.decode(pem.key)
  if (!der) throw new Error('The key of the certificate authority holds no PEM block.')
  const key = await crypto.subtle.importKey('pkcs8', der, SIGNING, true, ['sign'])
  return authorityOf(new x509.X509Certificate(pem.certificate), key)
}

async function authorityOf(authority: x509.X509Certificate, signingKey: webcrypto.CryptoKey): Promise<Authority> {
  return {
    certificate: authority.toString('pem'),
    key: await exportKey(signingKey),
    issue: async (request) => {
      const keys = await generateKeys()
      const now = Date.now()
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: nameOf(request.commonName),
        issuer: authority.subject,
        notBefore: new Date(now - BACKDATE_MS),
        notAfter: new Date(now + (request.days ?? 397) * DAY_MS),
        signingAlgorithm: SIGNING,
        publicKey: keys.publicKey,
        signingKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
          new x509.SubjectAlternativeNameExtension([
            ...(request.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
            ...(request.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
            ...(request.uris ?? []).map((value) => ({ type: 'url' as const, value })),
          ]),
          await x509.AuthorityKeyIdentifierExtension.create(authority),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
      })
      return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) }
    },
  }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(SIGNING, true, ['sign', 'verify'])
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}

/** A common name is user input in tests: its special characters are escaped by the library when given as JSON. */
function nameOf(commonName: string): x509.JsonName {
  return [{ CN: [commonName] }]
}

/** 127 random bits with the highest byte below 0x80, so that the number is positive. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01
  return Buffer.from(bytes).toString('hex')
}

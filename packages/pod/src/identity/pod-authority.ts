// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs the polyfill before it is loaded
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
/** Clocks of the machines of a pod may be a little apart. */
const BACKDATE_MS = 5 * 60_000
/** Longer than any step may run; the keys are gone with the pod anyway. */
const VALID_MS = 8 * 86_400_000

export type PodRole = 'delegate' | 'lite-engine' | 'step'

/** PEM texts of one role of the pod. */
interface RoleCertificate {
  certificatePem: string
  keyPem: string
}

/** The identity of one pod: a certificate authority that signed exactly its own roles and then lost its key. */
export interface PodCertificates {
  caPem: string
  roles: Record<PodRole, RoleCertificate>
}

/** Name in the certificate of a role that serves. */
export function serverNameOf(podName: string, role: PodRole): string {
  return `${role}.${podName}.pod.sluice`
}

/** URI in the certificate of a role, for the check of who calls. */
export function roleUri(podName: string, role: PodRole): string {
  return `sluice://pod/${podName}/${role}`
}

/**
 * Makes the certificates of one pod (about 10 ms): the delegate is a client, a step is a server, the lite engine is both.
 * The authority's key is not extractable and is dropped when this returns, so nobody can join the pod later.
 */
export async function createPodCertificates(podName: string): Promise<PodCertificates> {
  const authorityKeys = await crypto.subtle.generateKey(SIGNING, false, ['sign', 'verify'])
  const now = Date.now()
  const validity = { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + VALID_MS) }
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [`pod ${podName}`] }],
    ...validity,
    signingAlgorithm: SIGNING,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  })
  const issue = async (role: PodRole, usages: x509.ExtendedKeyUsage[]): Promise<RoleCertificate> => {
    const keys = await crypto.subtle.generateKey(SIGNING, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ CN: [role] }],
      issuer: authority.subject,
      ...validity,
      signingAlgorithm: SIGNING,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(usages),
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: serverNameOf(podName, role) },
          { type: 'url', value: roleUri(podName, role) },
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(authority),
      ],
    })
    const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
    return { certificatePem: certificate.toString('pem'), keyPem: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage
  const [delegate, liteEngine, step] = await Promise.all([
    issue('delegate', [clientAuth]),
    issue('lite-engine', [serverAuth, clientAuth]),
    issue('step', [serverAuth]),
  ])
  return { caPem: authority.toString('pem'), roles: { delegate, 'lite-engine': liteEngine, step } }
}

/** 127 random bits, positive. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01
  return Buffer.from(bytes).toString('hex')
}

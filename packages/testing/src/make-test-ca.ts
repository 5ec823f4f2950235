import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, type CertificateRequest } from '@sluice/certificates'
import { serviceUri, type ServiceName } from '@sluice/contracts/network'

export interface CertificateFiles {
  certFile: string
  keyFile: string
  /** PEM texts. */
  cert: string
  key: string
}

export interface TestCa {
  folder: string
  caFile: string
  ca: string
  certificateFor(request: Omit<CertificateRequest, 'commonName'> & { commonName?: string }): Promise<CertificateFiles>
  /** A service's certificate as `npm start` issues it: URI SAN, localhost and 127.0.0.1. */
  serviceCertificate(service: ServiceName): Promise<CertificateFiles>
  dispose(): Promise<void>
}

/** A certificate authority for one test file, with its files in a temporary folder. */
export async function makeTestCa(): Promise<TestCa> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-ca-'))
  const authority = await createAuthority('Sluice test CA', 1)
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, authority.certificate)
  let count = 0
  const certificateFor: TestCa['certificateFor'] = async (request) => {
    count += 1
    // Taken before anything is waited for: calls overlap.
    const number = count
    const issued = await authority.issue({ commonName: `test ${number}`, days: 1, ...request })
    const certFile = join(folder, `${number}.pem`)
    const keyFile = join(folder, `${number}.key`)
    await writeFile(certFile, issued.certificate)
    await writeFile(keyFile, issued.key, { mode: 0o600 })
    return { certFile, keyFile, cert: issued.certificate, key: issued.key }
  }
  return {
    folder,
    caFile,
    ca: authority.certificate,
    certificateFor,
    serviceCertificate: (service) =>
      certificateFor({ commonName: service, uris: [serviceUri(service)], dns: ['localhost'], ips: ['127.0.0.1'] }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  }
}

import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICE_NAMES } from '@sluice/contracts/network'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { certificateFiles, issueCertificates, LOCALHOST, type CertificateFolders } from './issue-certificates.ts'

const HERE = { authorityName: 'Sluice on this machine', namesOf: () => LOCALHOST }

let root: string
let folders: CertificateFolders
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-certificates-'))
  folders = {
    authority: join(root, 'authority'),
    certificates: join(root, 'certificates'),
    caFile: join(root, 'certificates', 'ca.pem'),
  }
  await mkdir(folders.authority)
  await mkdir(folders.certificates)
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function read(file: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(file))
}

test('every service gets its own key and a certificate that names it, signed by the local authority', async () => {
  await issueCertificates(folders, HERE)
  const authority = await read(folders.caFile)
  const keys = new Set<string>()
  for (const service of SERVICE_NAMES) {
    const { certFile, keyFile } = certificateFiles(folders, service, 'service')
    const certificate = await read(certFile)
    expect(certificate.subjectAltName).toBe(`DNS:localhost, IP Address:127.0.0.1, URI:sluice://service/${service}`)
    expect(certificate.checkIssued(authority) && certificate.verify(authority.publicKey)).toBe(true)
    expect(certificate.ca).toBe(false)
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    keys.add(await readFile(keyFile, 'utf8'))
  }
  expect(keys.size).toBe(SERVICE_NAMES.length)
})

test('certificates of public listeners name no service, so that nobody can pass for one with them', async () => {
  await issueCertificates(folders, HERE)
  const certificate = await read(certificateFiles(folders, 'gateway', 'public').certFile)
  expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1')
})

test('a second start issues nothing that is still good', async () => {
  await issueCertificates(folders, HERE)
  const { certFile } = certificateFiles(folders, 'ng-core', 'service')
  const before = await readFile(certFile, 'utf8')
  await issueCertificates(folders, HERE)
  expect(await readFile(certFile, 'utf8')).toBe(before)
  await rm(certFile)
  await issueCertificates(folders, HERE)
  expect(await readFile(certFile, 'utf8')).not.toBe(before)
})

test('a listener that is reached by another name gets a certificate with that name, from the same authority', async () => {
  await issueCertificates(folders, HERE)
  const authority = await readFile(folders.caFile, 'utf8')
  await issueCertificates(folders, { ...HERE, namesOf: () => ({ dns: ['localhost', 'sluice.example.com'] }) })
  const certificate = await read(certificateFiles(folders, 'gateway', 'public').certFile)
  expect(certificate.subjectAltName).toBe('DNS:localhost, DNS:sluice.example.com')
  expect(await readFile(folders.caFile, 'utf8')).toBe(authority)
})

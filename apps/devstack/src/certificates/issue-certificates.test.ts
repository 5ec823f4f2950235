import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICE_NAMES } from '@sluice/contracts/network'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataFolder } from '../folder/open-data-folder.ts'
import type { Layout } from '../folder/layout.ts'
import { certificateFiles, issueCertificates } from './issue-certificates.ts'

let layout: Layout
beforeEach(async () => {
  layout = await openDataFolder(await mkdtemp(join(tmpdir(), 'sluice-certificates-')))
})
afterEach(() => rm(layout.root, { recursive: true, force: true }))

async function read(file: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(file))
}

test('every service gets its own key and a certificate that names it, signed by the local authority', async () => {
  await issueCertificates(layout)
  const authority = await read(layout.caFile)
  const keys = new Set<string>()
  for (const service of SERVICE_NAMES) {
    const { certFile, keyFile } = certificateFiles(layout, service, 'service')
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
  await issueCertificates(layout)
  const certificate = await read(certificateFiles(layout, 'gateway', 'public').certFile)
  expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1')
})

test('a second start issues nothing that is still good', async () => {
  await issueCertificates(layout)
  const { certFile } = certificateFiles(layout, 'ng-core', 'service')
  const before = await readFile(certFile, 'utf8')
  await issueCertificates(layout)
  expect(await readFile(certFile, 'utf8')).toBe(before)
  await rm(certFile)
  await issueCertificates(layout)
  expect(await readFile(certFile, 'utf8')).not.toBe(before)
})

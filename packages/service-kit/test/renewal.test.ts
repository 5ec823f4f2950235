import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { makeTestCa, until, type TestCa } from '@sluice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIdentity } from '../src/identity.ts'
import { createServer } from '../src/server.ts'
import { signAsService, verifyServiceToken } from '../src/tokens.ts'
import { logger } from './kit.ts'

let ca: TestCa
let next: TestCa

beforeAll(async () => {
  ;[ca, next] = await Promise.all([makeTestCa(), makeTestCa()])
})
afterAll(() => Promise.all([ca.dispose(), next.dispose()]))

/** Files of a service that the test may replace. */
async function ownFiles(name: string) {
  const { cert, key } = await ca.serviceCertificate('ng-core')
  const files = {
    certFile: join(ca.folder, `${name}.pem`),
    keyFile: join(ca.folder, `${name}.key`),
    caFile: join(ca.folder, `${name}-ca.pem`),
  }
  await Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key), writeFile(files.caFile, ca.ca)])
  return files
}

test('a renewal that is seen half-way is taken over when it is whole', async () => {
  const files = await ownFiles('half')
  const refused: Error[] = []
  let reloads = 0
  const identity = createIdentity(files, { intervalMs: 10, onError: (error) => refused.push(error) })
  identity.onReload(() => {
    reloads += 1
    throw new Error('a listener that fails')
  })
  const old = identity.credentials()
  const renewed = await ca.serviceCertificate('ng-core')

  await writeFile(files.certFile, renewed.cert)
  await until(() => refused.length > 0, { what: 'the half renewal to be seen' })
  expect(identity.credentials()).toEqual(old)
  await writeFile(files.keyFile, renewed.key)
  await until(() => reloads > 0, { what: 'the renewal to be taken over' })

  expect(identity.credentials()).toEqual({ cert: renewed.cert, key: renewed.key, ca: old.ca })
  identity.close()
})

test('a second authority beside the first makes its tokens valid, without a restart', async () => {
  const identity = createIdentity(await ownFiles('bundle'), { intervalMs: 10 })
  const caFile = join(ca.folder, 'bundle-ca.pem')
  const signer = createIdentity({ ...(await next.serviceCertificate('ng-manager')), caFile: next.caFile })
  const token = await signAsService(signer, { audience: 'tests', claims: {}, expiresInS: 60 })
  const verify = () => verifyServiceToken({ identity, token, issuer: 'ng-manager', audience: 'tests' })
  await expect(verify()).rejects.toMatchObject({ code: 'INVALID_TOKEN' })

  await writeFile(caFile, `${await readFile(caFile, 'utf8')}\n${next.ca}`)

  await until(verify, { what: 'the token of the second authority' })
  identity.close()
  signer.close()
})

test('a renewed public certificate is served without a restart', async () => {
  const files = await ownFiles('public')
  const identity = createIdentity(await ownFiles('internal'))
  const app = createServer({
    config: {
      service: 'gateway',
      http: { host: '127.0.0.1', port: 0 },
      health: { host: '127.0.0.1', port: 0 },
      publicHttp: { host: '127.0.0.1', port: 0, ...files },
      tls: files,
      destinations: {},
      logLevel: 'silent',
    },
    identity,
    logger,
    listener: 'public',
    reloadIntervalMs: 10,
  })
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const serial = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), ca: ca.ca }, () => {
        resolve(socket.getPeerCertificate().serialNumber)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  const before = await serial()
  const renewed = await ca.serviceCertificate('gateway')

  await Promise.all([writeFile(files.certFile, renewed.cert), writeFile(files.keyFile, renewed.key)])

  await until(async () => (await serial()) !== before, { what: 'the new certificate' })
  await app.close()
  identity.close()
})

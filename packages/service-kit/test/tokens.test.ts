import { makeTestCa } from '@sluice/testing'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createIdentity } from '../src/identity.ts'
import { createTokenVerifier, INTERNAL_AUDIENCE, signAsService, verifyServiceToken } from '../src/tokens.ts'
import { CLAIMS, createKit, type Kit } from './kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await createKit()
})
afterAll(() => kit.stop())
afterEach(() => vi.useRealTimers())

test('a token of NG Core gives its claims', async () => {
  expect(await kit.verifier.verify(await kit.token({ accountId: 'acc-7' }))).toEqual({ ...CLAIMS, accountId: 'acc-7' })
})

test('an expired token is refused, also one that was verified before', async () => {
  const token = await kit.token()
  await kit.verifier.verify(token)
  vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] })
  await expect(kit.verifier.verify(token)).rejects.toMatchObject({ code: 'EXPIRED_TOKEN' })
  const fresh = createTokenVerifier({ identity: await kit.identity('ng-manager') })
  await expect(fresh.verify(token)).rejects.toMatchObject({ code: 'EXPIRED_TOKEN' })
})

test('a token that another service signed is refused', async () => {
  for (const service of ['gateway', 'ng-manager', 'log-service'] as const) {
    const identity = await kit.identity(service)
    const token = await signAsService(identity, { audience: INTERNAL_AUDIENCE, claims: { ...CLAIMS }, expiresInS: 60 })
    await expect(kit.verifier.verify(token)).rejects.toMatchObject({ code: 'INVALID_TOKEN' })
  }
})

test("a token of another authority's ng-core is refused", async () => {
  const other = await makeTestCa()
  const { certFile, keyFile } = await other.serviceCertificate('ng-core')
  const identity = createIdentity({ certFile, keyFile, caFile: other.caFile })
  const token = await signAsService(identity, { audience: INTERNAL_AUDIENCE, claims: { ...CLAIMS }, expiresInS: 60 })
  identity.close()
  await other.dispose()
  await expect(kit.verifier.verify(token)).rejects.toMatchObject({ code: 'INVALID_TOKEN' })
})

test('a token for another audience, without the claims, changed, or no token at all is refused', async () => {
  const core = await kit.identity('ng-core')
  const sign = (audience: string, claims: Record<string, unknown>) =>
    signAsService(core, { audience, claims, expiresInS: 60 })
  const [head = '', , signature = ''] = (await kit.token()).split('.')
  const forged = Buffer.from(
    JSON.stringify({ ...CLAIMS, accountId: 'acc-2', aud: INTERNAL_AUDIENCE, exp: 9e9 }),
  ).toString('base64url')
  const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
  for (const token of [
    await sign('log-service', { ...CLAIMS }),
    await sign(INTERNAL_AUDIENCE, { accountId: 'acc-1' }),
    `${head}.${forged}.${signature}`,
    `${unsigned}.${forged}.`,
    'a.b.c',
    '',
  ]) {
    await expect(kit.verifier.verify(token), token).rejects.toMatchObject({ code: 'INVALID_TOKEN' })
  }
})

test('a service certificate that is older than its days signs nothing any more', async () => {
  const token = await kit.token()
  vi.useFakeTimers({ now: Date.now() + 3 * 86_400_000, toFake: ['Date'] })
  const verified = verifyServiceToken({
    identity: await kit.identity('scm-service'),
    token,
    issuer: 'ng-core',
    audience: INTERNAL_AUDIENCE,
  })
  await expect(verified).rejects.toMatchObject({ code: 'INVALID_TOKEN' })
})

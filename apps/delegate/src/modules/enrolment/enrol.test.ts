import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { AppError, isAppError, toErrorBody } from '@sluice/contracts/errors'
import { EnrolmentRequest, mintDelegateToken, verifyEnrolment, type EnrolmentClaims } from '@sluice/delegate-protocol'
import { freePort, makeTestCa, until, type TestCa } from '@sluice/testing'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadConfig, type DelegateConfig } from '../../config.ts'
import { forgetEnrolment, loadOrEnrol } from './enrol.ts'

const logger = pino({ level: 'silent' })
const TIMING = { firstPauseMs: 10, lastPauseMs: 40, timeoutMs: 2_000 }
const never = new AbortController().signal

let ca: TestCa
let folder: string
let port: number
let server: Server | undefined
beforeAll(async () => {
  ca = await makeTestCa()
})
afterAll(() => ca?.dispose())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-enrol-'))
  port = await freePort()
})
afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  await rm(folder, { recursive: true, force: true })
})

function configOf(more: Record<string, string> = {}): DelegateConfig {
  return loadConfig({
    SLUICE_DELEGATE_NAME: 'edge',
    SLUICE_DELEGATE_SERVICE_URL: `https://localhost:${port}`,
    SLUICE_CA_FILE: ca.caFile,
    SLUICE_DATA_DIR: join(folder, 'data'),
    ...more,
  })
}

type Enrolled = EnrolmentClaims & { identityKey: string; tokenId: string }

/** Checks requests as the specification says, with the public keys that it knows by token id. */
async function startControlPlane(tokens: Record<string, string>): Promise<Enrolled[]> {
  const enrolled: Enrolled[] = []
  const { cert, key } = await ca.serviceCertificate('delegate-service')
  const answer = async (body: unknown): Promise<{ status: number; body: unknown }> => {
    try {
      const parsed = EnrolmentRequest.parse(body)
      const tokenPublicKey = tokens[parsed.tokenId]
      if (tokenPublicKey === undefined) throw new AppError('DELEGATE_TOKEN_INVALID', 'The delegate token is unknown.')
      const claims = await verifyEnrolment({ request: parsed, tokenPublicKey, now: Date.now() })
      enrolled.push(claims)
      const { name, tags, scope } = claims
      return { status: 200, body: { delegateId: 'dlg-1', name, tags, droppedTags: [], scope, state: 'enrolled' } }
    } catch (error) {
      return { status: isAppError(error) ? error.status : 500, body: toErrorBody(error, 'req-1') }
    }
  }
  server = createServer({ cert, key }, (request, response) => {
    void json(request)
      .then(answer)
      .then(({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      )
  })
  await new Promise<void>((resolve) => server?.listen(port, 'localhost', resolve))
  return enrolled
}

const mint = (tokenId: string, accountId = 'acc-1') => mintDelegateToken({ accountId, tokenId })

describe('enrolment', () => {
  test('goes on trying while the control plane is away, with the same keys', async () => {
    const { token, publicKey } = mint('tok-1')
    const enrolling = loadOrEnrol(configOf({ SLUICE_DELEGATE_TOKEN: token }), logger, never, TIMING)
    const keys = await until(() => readFile(join(folder, 'data', 'identity.json'), 'utf8'), {
      what: 'the keys on disk',
    })
    const enrolled = await startControlPlane({ 'tok-1': publicKey })
    const identity = await enrolling

    expect(identity).toMatchObject({ accountId: 'acc-1', delegateId: 'dlg-1' })
    expect(JSON.parse(keys)).toEqual({ accountId: 'acc-1', keys: identity.keys })
    expect(enrolled).toHaveLength(1)
  })

  test('survives an answer that is not the control plane’s', async () => {
    const { token, publicKey } = mint('tok-1')
    const { cert, key } = await ca.serviceCertificate('delegate-service')
    let asked = 0
    const proxy = createServer({ cert, key }, (_request, response) => {
      asked += 1
      response.writeHead(503).end('<html>busy</html>')
    })
    await new Promise<void>((resolve) => proxy.listen(port, 'localhost', resolve))
    const enrolling = loadOrEnrol(configOf({ SLUICE_DELEGATE_TOKEN: token }), logger, never, TIMING)
    await until(() => asked > 1, { what: 'a second attempt' })
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
    await startControlPlane({ 'tok-1': publicKey })

    expect((await enrolling).delegateId).toBe('dlg-1')
  })

  test('ends with the control plane’s sentence when the token is not good', async () => {
    await startControlPlane({ 'tok-1': mint('tok-1').publicKey })

    const withToken = (token: string) => loadOrEnrol(configOf({ SLUICE_DELEGATE_TOKEN: token }), logger, never, TIMING)
    await expect(withToken(mint('tok-2').token)).rejects.toMatchObject({ code: 'DELEGATE_TOKEN_INVALID' })
    await expect(withToken(mint('tok-1').token)).rejects.toMatchObject({ code: 'INVALID_TOKEN' })
    await expect(withToken('dlt.nonsense')).rejects.toMatchObject({ code: 'DELEGATE_TOKEN_INVALID' })
  })

  test('without a token says where to put one', async () => {
    const tokenFile = join(folder, 'token')
    const load = (more: Record<string, string>) => loadOrEnrol(configOf(more), logger, never, TIMING)

    await expect(load({})).rejects.toThrow(/Set SLUICE_DELEGATE_TOKEN/)
    await expect(load({ SLUICE_DELEGATE_TOKEN_FILE: tokenFile })).rejects.toThrow(tokenFile)
  })

  test('ends at once when the delegate is told to stop', async () => {
    const stopping = new AbortController()
    const enrolling = loadOrEnrol(configOf({ SLUICE_DELEGATE_TOKEN: mint('tok-1').token }), logger, stopping.signal, {
      ...TIMING,
      firstPauseMs: 60_000,
    })
    setImmediate(() => stopping.abort(new Error('SIGTERM')))

    await expect(enrolling).rejects.toThrow()
  })

  test('happens once: later starts need neither the token nor the control plane', async () => {
    const { token, publicKey } = mint('tok-1')
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, `${token}\n`)
    const config = configOf({ SLUICE_DELEGATE_TOKEN_FILE: tokenFile })
    const enrolled = await startControlPlane({ 'tok-1': publicKey })
    const first = await loadOrEnrol(config, logger, never, TIMING)
    const second = await loadOrEnrol(config, logger, never, TIMING)
    await rm(tokenFile)
    const third = await loadOrEnrol(config, logger, never, TIMING)

    expect([second.keys, third.keys]).toEqual([first.keys, first.keys])
    expect(enrolled).toHaveLength(1)
    expect((await stat(join(folder, 'data', 'identity.json'))).mode & 0o777).toBe(0o600)
  })

  test('happens anew with the same keys for new tags, a new token, and a control plane that forgot it', async () => {
    const [one, two] = [mint('tok-1'), mint('tok-2')]
    const enrolled = await startControlPlane({ 'tok-1': one.publicKey, 'tok-2': two.publicKey })
    const start = (token: string, tags: string) =>
      loadOrEnrol(configOf({ SLUICE_DELEGATE_TOKEN: token, SLUICE_DELEGATE_TAGS: tags }), logger, never, TIMING)
    await start(one.token, 'linux')
    await start(one.token, 'linux, gpu')
    await start(two.token, 'gpu,linux')
    await start(two.token, 'linux,gpu')
    await forgetEnrolment(configOf())
    await start(two.token, 'linux,gpu')

    expect(enrolled.map(({ tokenId, tags }) => [tokenId, tags.length])).toEqual([
      ['tok-1', 1],
      ['tok-1', 2],
      ['tok-2', 2],
      ['tok-2', 2],
    ])
    expect(new Set(enrolled.map(({ identityKey }) => identityKey)).size).toBe(1)
  })

  test('of another account makes other keys', async () => {
    const [one, two] = [mint('tok-1'), mint('tok-2', 'acc-2')]
    const enrolled = await startControlPlane({ 'tok-1': one.publicKey, 'tok-2': two.publicKey })
    await loadOrEnrol(configOf({ SLUICE_DELEGATE_TOKEN: one.token }), logger, never, TIMING)
    const moved = await loadOrEnrol(configOf({ SLUICE_DELEGATE_TOKEN: two.token }), logger, never, TIMING)

    expect(moved.accountId).toBe('acc-2')
    expect(new Set(enrolled.map(({ identityKey }) => identityKey)).size).toBe(2)
  })
})

import { credentials, status } from '@grpc/grpc-js'
import { StepServiceClient, StepServiceService, type StepServiceServer } from '@sluice/proto/step'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callUnary, createPodClient, createPodServer, waitForChannel, type PodServer } from '../src/grpc/index.ts'
import { createPodCertificates, roleUri, serverNameOf, type PodCertificates } from '../src/identity/pod-authority.ts'

const HOST = '127.77.1.1'
let pod: PodCertificates
let foreign: PodCertificates
let server: PodServer

beforeAll(async () => {
  ;[pod, foreign] = await Promise.all([createPodCertificates('aaaa'), createPodCertificates('bbbb')])
  const service: StepServiceServer = {
    ping: (_call, reply) => reply(null, { version: '1', operations: [] }),
    execute: (call) => call.end(),
    cancel: (_call, reply) => reply(null, { known: false, ended: false }),
  }
  const identity = {
    caPem: pod.caPem,
    ...pod.roles.step,
    host: HOST,
    port: 0,
    allowedPeer: roleUri('aaaa', 'lite-engine'),
  }
  server = await createPodServer(identity, (grpc) => grpc.addService(StepServiceService, service))
})
afterAll(() => server.close(0))

function clientOf(certificates: PodCertificates, role: 'delegate' | 'lite-engine', trusted = pod, podName = 'aaaa') {
  const address = { host: HOST, port: server.port, serverName: serverNameOf(podName, 'step') }
  return createPodClient(StepServiceClient, address, { caPem: trusted.caPem, ...certificates.roles[role] })
}

async function ping(client: StepServiceClient): Promise<string> {
  try {
    await waitForChannel(client, 600)
    return (await callUnary(client.ping.bind(client), {}, { withinMs: 600 })).version
  } finally {
    client.close()
  }
}

describe('a server of the pod', () => {
  it('answers the role that may call it', async () => {
    await expect(ping(clientOf(pod, 'lite-engine'))).resolves.toBe('1')
  })

  it('refuses another role of the same pod', async () => {
    await expect(ping(clientOf(pod, 'delegate'))).rejects.toMatchObject({ code: status.PERMISSION_DENIED })
  })

  it('does not complete the handshake with the certificate of another pod', async () => {
    await expect(ping(clientOf(foreign, 'lite-engine'))).rejects.toThrow()
  })

  it('does not complete the handshake without a certificate', async () => {
    const client = new StepServiceClient(`${HOST}:${server.port}`, credentials.createSsl(Buffer.from(pod.caPem)), {
      'grpc.ssl_target_name_override': serverNameOf('aaaa', 'step'),
    })
    await expect(ping(client)).rejects.toThrow()
  })

  it('is not believed by a client that expects another pod', async () => {
    await expect(ping(clientOf(pod, 'lite-engine', foreign))).rejects.toThrow()
    await expect(ping(clientOf(pod, 'lite-engine', pod, 'bbbb'))).rejects.toThrow()
  })

  it('never listens on every address of the machine', async () => {
    const identity = { caPem: pod.caPem, ...pod.roles.step, port: 0, allowedPeer: 'x' }
    await expect(createPodServer({ ...identity, host: '0.0.0.0' }, () => {})).rejects.toThrow('0.0.0.0')
    await expect(createPodServer({ ...identity, host: '::' }, () => {})).rejects.toThrow('::')
  })
})

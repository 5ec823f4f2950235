import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type ServerInterceptor,
} from '@grpc/grpc-js'
import type { ProcessIdentity } from '../program/process-identity.ts'
import { MAX_MESSAGE_BYTES } from './limits.ts'

/** A gRPC server of the pod. */
export interface PodServer {
  readonly port: number
  /** Stops taking calls, lets open ones end for `graceMs`, then cuts them. */
  close(graceMs?: number): Promise<void>
}

/**
 * Starts a gRPC server on the identity's own loopback address, mutual TLS, for the one peer that the identity names.
 * A client without a certificate of the pod's CA doesn't get through the handshake; one with another role of the same
 * pod gets PERMISSION_DENIED.
 * @throws Error when the address is taken or the address is a wildcard.
 */
export async function createPodServer(
  identity: Pick<ProcessIdentity, 'caPem' | 'certificatePem' | 'keyPem' | 'allowedPeer' | 'host' | 'port'>,
  addServices: (server: Server) => void,
): Promise<PodServer> {
  if (identity.host === '0.0.0.0' || identity.host === '::' || identity.host === '') {
    throw new Error(`A pod's process must not listen on "${identity.host}": give it an address of its own.`)
  }
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    interceptors: [onlyPeer(identity.allowedPeer)],
  })
  addServices(server)
  const credentials = ServerCredentials.createSsl(
    Buffer.from(identity.caPem),
    [{ private_key: Buffer.from(identity.keyPem), cert_chain: Buffer.from(identity.certificatePem) }],
    true,
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${identity.host}:${identity.port}`, credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return {
    port,
    close: (graceMs = 1_000) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.forceShutdown(), graceMs)
        server.tryShutdown(() => {
          clearTimeout(cut)
          resolve()
        })
      }),
  }
}

function onlyPeer(allowedPeer: string): ServerInterceptor {
  return (_method, call) => {
    const names = call.getAuthContext().sslPeerCertificate?.subjectaltname ?? ''
    const isAllowed = names.split(', ').includes(`URI:${allowedPeer}`)
    if (isAllowed) return new ServerInterceptingCall(call)
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next(new ServerListenerBuilder().build())
        call.sendStatus({
          code: status.PERMISSION_DENIED,
          details: `This process of the pod is called by "${allowedPeer}" only.`,
        })
      },
    })
  }
}

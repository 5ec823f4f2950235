import { credentials, type ChannelCredentials, type Client, type ClientOptions } from '@grpc/grpc-js'
import { MAX_MESSAGE_BYTES } from './limits.ts'

/** PEM texts a client of the pod needs. */
export interface ClientIdentity {
  caPem: string
  certificatePem: string
  keyPem: string
}

/** Where a server of the pod listens, and the DNS name in its certificate. */
export interface PodAddress {
  host: string
  port: number
  serverName: string
}

/**
 * Makes a gRPC client to a process of the pod: mutual TLS, the server's certificate must carry `serverName`.
 * The channel is opened at once; {@link waitForChannel} waits for it.
 */
export function createPodClient<T extends Client>(
  Constructor: new (address: string, credentials: ChannelCredentials, options?: Partial<ClientOptions>) => T,
  address: PodAddress,
  identity: ClientIdentity,
): T {
  const secure = credentials.createSsl(
    Buffer.from(identity.caPem),
    Buffer.from(identity.keyPem),
    Buffer.from(identity.certificatePem),
  )
  const client = new Constructor(`${address.host}:${address.port}`, secure, {
    // An IP address is not a name: the certificate is checked for the pod's own name instead.
    'grpc.ssl_target_name_override': address.serverName,
    'grpc.default_authority': address.serverName,
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.enable_http_proxy': 0,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 1_000,
    'grpc.use_local_subchannel_pool': 1,
  })
  client.getChannel().getConnectivityState(true)
  return client
}

/** Waits until the channel is usable. @throws Error after `withinMs`. */
export function waitForChannel(client: Client, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + withinMs, (error) => (error ? reject(error) : resolve()))
  })
}

import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { inPhase, type OnPhase } from '../connect-phase.ts'
import { DriverError } from '../error.ts'
import type { TlsMode } from '../jdbc/read-jdbc-url.ts'
import { isRefusedAddress } from '../refused-address.ts'

/** PEM texts. */
export interface TlsMaterial {
  /** Authorities that may have signed the server's certificate; the system's own when absent. */
  ca?: string
  cert?: string
  key?: string
}

/** An address that does not answer leaves time for the next one of the same host. */
const ADDRESS_PATIENCE_MS = 2_000

export interface TransportOptions {
  host: string
  port: number
  /** Offer TLS at all, and what to ask of it. */
  tlsMode: TlsMode
  tls: TlsMaterial
  signal: AbortSignal
  onPhase?: OnPhase | undefined
}

/** The length of the message, then the number that asks for TLS (PostgreSQL protocol 3.0, SSLRequest). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/** A socket to one server, TLS done where the mode wants it, ready for the start-up message. */
export async function openTransport(options: TransportOptions): Promise<Socket> {
  const { host, port, onPhase } = options
  const addresses = await inPhase(
    'dns',
    onPhase,
    async () => allowed(host, await resolve(host, options.signal)),
    (found) => `"${host}" is ${found.join(', ')}`,
  )
  const socket = await inPhase(
    'tcp',
    onPhase,
    () => connectAny(addresses, options),
    () => `connected to ${host}:${port}`,
  )
  if (options.tlsMode === 'disable' || options.tlsMode === 'allow') return socket
  try {
    const secured = await inPhase(
      'tls',
      onPhase,
      () => secure(socket, options),
      (result) =>
        result === undefined
          ? 'the server offers no TLS; the connection is not encrypted'
          : `${result.getProtocol() ?? 'TLS'}, ${tlsPromise(options.tlsMode)}`,
    )
    return secured ?? socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function tlsPromise(mode: TlsMode): string {
  if (mode === 'verify-full') return 'certificate and host name verified'
  return mode === 'verify-ca' ? 'certificate verified, host name not' : `certificate not verified (sslmode=${mode})`
}

async function resolve(host: string, signal: AbortSignal): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  try {
    const found = await abortable(lookup(host, { all: true }), signal, `Looking up "${host}"`)
    return found.map(({ address }) => address)
  } catch (error) {
    if (error instanceof DriverError) throw error
    throw new DriverError(
      'UNKNOWN_HOST',
      `The host "${host}" is not known. Check its name, and the DNS of the delegate`,
      { cause: error, details: { host } },
    )
  }
}

/** Judged after the name was looked up, and what was judged is what is connected to: a name can't be changed in between. */
function allowed(host: string, addresses: string[]): string[] {
  const refused = addresses.find(isRefusedAddress)
  if (refused === undefined) return addresses
  throw new DriverError(
    'ADDRESS_REFUSED',
    `"${host}" is ${refused}, a link-local or metadata address, which no delegate connects to. Put the database's own address into the connector`,
    { details: { host, address: refused } },
  )
}

async function connectAny(addresses: readonly string[], options: TransportOptions): Promise<Socket> {
  let failure: unknown
  for (const [index, address] of addresses.entries()) {
    try {
      const last = index === addresses.length - 1
      const share = last ? options.signal : AbortSignal.any([options.signal, AbortSignal.timeout(ADDRESS_PATIENCE_MS)])
      return await connectOne(address, { ...options, signal: share })
    } catch (error) {
      if (options.signal.aborted) throw error
      failure = error
    }
  }
  throw failure
}

async function connectOne(address: string, { host, port, signal }: TransportOptions): Promise<Socket> {
  const socket = connectTcp({ host: address, port, keepAlive: true, keepAliveInitialDelay: 30_000, noDelay: true })
  // Errors are heard by whoever waits for the socket; between two waits they must not end the process.
  socket.on('error', () => undefined)
  try {
    await abortable(event(socket, 'connect'), signal, `Connecting to ${host}:${port}`)
    return socket
  } catch (error) {
    socket.destroy()
    if (error instanceof DriverError) throw error
    const code = systemCode(error)
    if (code === 'ECONNREFUSED') {
      throw new DriverError(
        'CONNECTION_REFUSED',
        `Nothing listens on ${host}:${port} (connection refused). Check the port, and that the database is running`,
        {
          cause: error,
          details: { host, port },
        },
      )
    }
    if (code === 'ETIMEDOUT') throw timeout(`Connecting to ${host}:${port}`, error)
    throw new DriverError(
      'HOST_UNREACHABLE',
      `${host}:${port} can't be reached (${code}). Check the network between the delegate and the database`,
      {
        cause: error,
        details: { host, port },
      },
    )
  }
}

/** @returns undefined when the server offers no TLS and the mode accepts that. */
async function secure(socket: Socket, options: TransportOptions) {
  const { host, port, tlsMode, tls, signal } = options
  const what = `Asking ${host}:${port} for TLS`
  const answer = await askForTls(socket, signal, what)
  if (answer !== 'S') {
    if (tlsMode === 'prefer' && answer === 'N') return undefined
    throw new DriverError(
      'TLS_NOT_OFFERED',
      `${host}:${port} offers no TLS, but the URL says sslmode=${tlsMode}. Switch TLS on at the server, or change sslmode`,
      {
        details: { host, port },
      },
    )
  }
  const verifies = tlsMode === 'verify-ca' || tlsMode === 'verify-full'
  const secured = connectTls({
    socket,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    host,
    rejectUnauthorized: verifies,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tlsMode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  })
  try {
    await abortable(event(secured, 'secureConnect'), signal, what)
    return secured
  } catch (error) {
    secured.destroy()
    if (error instanceof DriverError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new DriverError(
      'TLS_FAILED',
      `TLS with ${host}:${port} failed: ${message}. Check the certificate, its authority and the host name. Connectors trust public authorities only; sslmode=require encrypts without checking the certificate`,
      {
        cause: error,
        details: { host, port, tls: systemCode(error) },
      },
    )
  }
}

async function askForTls(socket: Socket, signal: AbortSignal, what: string): Promise<string> {
  const answer = Promise.withResolvers<string>()
  const onError = (error: Error) => answer.reject(error)
  const onClose = () => answer.reject(new Error('the server closed the connection'))
  const onReadable = () => {
    const byte: unknown = socket.read(1)
    if (Buffer.isBuffer(byte)) answer.resolve(byte.toString('latin1'))
  }
  socket.on('error', onError).on('close', onClose).on('readable', onReadable)
  socket.write(SSL_REQUEST)
  try {
    return await abortable(answer.promise, signal, what)
  } catch (error) {
    if (error instanceof DriverError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new DriverError('TLS_FAILED', `${what} failed: ${message}. Check that a PostgreSQL server listens there`, {
      cause: error,
    })
  } finally {
    socket.off('error', onError).off('close', onClose).off('readable', onReadable)
  }
}

function event(socket: Socket, name: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((fulfil, reject) => {
    const failed = (error: Error) => reject(error)
    socket.once('error', failed)
    socket.once(name, () => {
      socket.off('error', failed)
      fulfil()
    })
  })
}

/** Gives up on a wait when the signal says so, naming what was waited for. */
export async function abortable<T>(wait: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  const stop = Promise.withResolvers<never>()
  const onAbort = () => stop.reject(abortError(signal, what))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  // The loser of the race must not count as an unhandled rejection.
  wait.catch(() => undefined)
  stop.promise.catch(() => undefined)
  try {
    return await Promise.race([wait, stop.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function abortError(signal: AbortSignal, what: string): DriverError {
  const reason: unknown = signal.reason
  if (reason instanceof Error && reason.name === 'TimeoutError') return timeout(what, reason)
  return new DriverError('ABORTED', `${what} was aborted`, { cause: reason })
}

function timeout(what: string, cause: unknown): DriverError {
  return new DriverError(
    'CONNECT_TIMEOUT',
    `${what} took too long. Check firewalls between the delegate and the database, and the host and port`,
    { cause },
  )
}

export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

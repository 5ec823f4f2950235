import type { Socket } from 'node:net'
import { abortable, openTransport, type TransportOptions } from './transport.ts'

/** PostgreSQL protocol 3.0, CancelRequest. */
const CANCEL_CODE = 80_877_102

/**
 * Asks the server to cancel what a session runs, through a connection of its own that needs no login.
 * Resolves when the server has passed the request on, so that it can't hit a later statement.
 */
export async function requestCancel(
  backend: { processId: number; secretKey: number },
  transport: TransportOptions,
): Promise<void> {
  const message = Buffer.alloc(16)
  message.writeInt32BE(16, 0)
  message.writeInt32BE(CANCEL_CODE, 4)
  message.writeInt32BE(backend.processId, 8)
  message.writeInt32BE(backend.secretKey, 12)
  const socket = await openTransport({ ...transport, onPhase: undefined })
  try {
    socket.resume()
    const closed = ended(socket)
    socket.write(message)
    await abortable(closed, transport.signal, 'Cancelling the statement')
  } finally {
    socket.destroy()
  }
}

/** The server answers a cancel request by closing; how it closes does not matter. */
function ended(socket: Socket): Promise<void> {
  return new Promise((fulfil) => {
    socket.once('end', () => fulfil())
    socket.once('close', () => fulfil())
    socket.once('error', () => fulfil())
  })
}

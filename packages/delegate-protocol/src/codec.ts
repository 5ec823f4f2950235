import { AppError } from '@sluice/contracts/errors'
import type { z } from 'zod'
import {
  DELEGATE_BODIES,
  FrameEnvelope,
  SERVER_BODIES,
  type DelegateFrame,
  type DelegateMessage,
  type ServerFrame,
  type ServerMessage,
} from './frames.ts'
import { FRAME_LIMIT_BYTES, PROTOCOL_VERSION } from './limits.ts'

/** Why bytes from the peer are not a frame. `message` quotes names and places, never the values of a body. */
export interface FrameProblem {
  code:
    | 'frame.too-large'
    | 'frame.not-text'
    | 'frame.not-json'
    | 'frame.version'
    | 'frame.unknown-kind'
    | 'frame.invalid'
  message: string
  /** False only for kinds of a newer peer: the connection goes on. */
  fatal: boolean
  kind?: string
  id?: string
}

export type Decoded<Frame> = { ok: true; frame: Frame } | { ok: false; problem: FrameProblem }

/**
 * Text of a frame from the delegate.
 * @param id unique within the connection
 * @throws AppError INTERNAL where it would pass 1 MiB
 */
export function encodeDelegateFrame(message: DelegateMessage, id: string): string {
  return encode(message, id)
}

/**
 * Text of a frame from the server.
 * @param id unique within the connection
 * @throws AppError INTERNAL where it would pass 1 MiB
 */
export function encodeServerFrame(message: ServerMessage, id: string): string {
  return encode(message, id)
}

/** Reads a frame that a delegate sent. Never throws, whatever the bytes. */
export function decodeDelegateFrame(data: string | Uint8Array): Decoded<DelegateFrame> {
  return decode<DelegateFrame>(data, DELEGATE_BODIES)
}

/** Reads a frame that the server sent. Never throws, whatever the bytes. */
export function decodeServerFrame(data: string | Uint8Array): Decoded<ServerFrame> {
  return decode<ServerFrame>(data, SERVER_BODIES)
}

function encode(message: DelegateMessage | ServerMessage, id: string): string {
  const text = JSON.stringify({ v: PROTOCOL_VERSION, kind: message.kind, id, body: message.body })
  const bytes = byteLength(text)
  if (bytes > FRAME_LIMIT_BYTES) {
    throw new AppError(
      'INTERNAL',
      `A frame of kind "${message.kind}" has ${bytes} bytes; the most is ${FRAME_LIMIT_BYTES}. Send it in parts.`,
      { context: { kind: message.kind, bytes } },
    )
  }
  return text
}

function decode<Frame>(data: string | Uint8Array, bodies: Record<string, z.ZodType>): Decoded<Frame> {
  const bytes = typeof data === 'string' ? byteLength(data) : data.byteLength
  if (bytes > FRAME_LIMIT_BYTES) {
    return refuse('frame.too-large', `The frame has ${bytes} bytes; the most is ${FRAME_LIMIT_BYTES}.`)
  }
  const text = typeof data === 'string' ? data : utf8(data)
  if (text === undefined) return refuse('frame.not-text', 'The frame is not UTF-8 text.')
  const json = parseJson(text)
  if (json === undefined) return refuse('frame.not-json', 'The frame is not JSON.')
  const envelope = FrameEnvelope.safeParse(json)
  if (!envelope.success) {
    return refuse('frame.invalid', `The frame is not { v, kind, id, body }: ${sentenceOf(envelope.error)}.`)
  }
  const { v, kind, id, body } = envelope.data
  if (v !== PROTOCOL_VERSION) {
    return refuse('frame.version', `The frame is of version ${v}; this side speaks ${PROTOCOL_VERSION}.`, { kind, id })
  }
  const schema = Object.hasOwn(bodies, kind) ? bodies[kind] : undefined
  if (schema === undefined) {
    return refuse('frame.unknown-kind', `This side knows no frame of kind "${kind}".`, { kind, id }, false)
  }
  const parsed = schema.safeParse(body)
  if (!parsed.success) {
    return refuse('frame.invalid', `The frame "${kind}" is not valid: ${sentenceOf(parsed.error)}.`, { kind, id })
  }
  // The parsing seam: `schema` is the one of `kind` in the table that the union is made from.
  return { ok: true, frame: { v, kind, id, body: parsed.data } as Frame }
}

function refuse(
  code: FrameProblem['code'],
  message: string,
  head: { kind?: string; id?: string } = {},
  fatal = true,
): { ok: false; problem: FrameProblem } {
  return { ok: false, problem: { code, message, fatal, ...head } }
}

/** The first problem is enough for a log line; a list of hundreds is not. */
function sentenceOf(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'it does not fit its schema'
  const path = issue.path.map(String).join('.').slice(0, 200)
  return path === '' ? issue.message.slice(0, 500) : `"${path}": ${issue.message.slice(0, 500)}`
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

function utf8(data: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(data)
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

const encoder = new TextEncoder()

/** Bytes of UTF-8; for text that can't pass the limit, a lower bound that costs nothing. */
function byteLength(text: string): number {
  // A UTF-16 unit is at most three bytes of UTF-8: most frames need no second look.
  return text.length * 3 <= FRAME_LIMIT_BYTES ? text.length : encoder.encode(text).byteLength
}

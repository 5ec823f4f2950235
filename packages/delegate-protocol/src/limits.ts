/** Major version of the protocol; additions that an older peer can ignore don't change it. */
export const PROTOCOL_VERSION = 1
export const WS_PATH = '/delegate-service/ws'
export const ENROL_PATH = '/delegate-service/enrol'

/** Largest frame either side may send; also the `maxPayload` of both sockets. */
export const FRAME_LIMIT_BYTES = 1_048_576
/** Leaves room for the offer's other fields and for multi-byte text within a frame. */
export const PARAMETERS_LIMIT_BYTES = 768 * 1024
/** A result up to this size travels in its `task.result` frame. */
export const INLINE_RESULT_LIMIT_BYTES = 512 * 1024
/** Bytes per `task.chunk`: 853 KiB once in base64, well under the frame limit. */
export const CHUNK_BYTES = 640 * 1024
/** Ciphertext in one `secret.opened`; the rest of the frame is small. */
export const SECRETS_LIMIT_BYTES = 896 * 1024
/** Largest result at all. */
export const RESULT_LIMIT_BYTES = 64 * 1024 * 1024
/** Bounds of the lists in `hello`, `heartbeat` and `welcome`. */
export const MAX_TASKS = 1_000
export const MAX_PROGRESS_EVENTS = 256
export const PROGRESS_LIMIT_BYTES = 256 * 1024

/** Intervals and time limits in milliseconds (section 11 of the specification). */
export interface Timing {
  heartbeatIntervalMs: number
  /** Silent intervals after which a side declares the other dead. */
  missedHeartbeats: number
  leaseMs: number
  acceptWithinMs: number
  grantWithinMs: number
  connectWithinMs: number
  handshakeWithinMs: number
  progressCoalesceMs: number
  resultRetryMs: number
  secretWithinMs: number
  serverDrainMs: number
  backoffBaseMs: number
  backoffCapMs: number
  /** A connection that was up for so long makes the next loss start its backoff from the beginning. */
  stableAfterMs: number
}

export const DEFAULT_TIMING: Timing = {
  heartbeatIntervalMs: 5_000,
  missedHeartbeats: 3,
  leaseMs: 30_000,
  acceptWithinMs: 2_000,
  grantWithinMs: 10_000,
  connectWithinMs: 10_000,
  handshakeWithinMs: 10_000,
  progressCoalesceMs: 250,
  resultRetryMs: 10_000,
  secretWithinMs: 15_000,
  serverDrainMs: 10_000,
  backoffBaseMs: 1_000,
  backoffCapMs: 60_000,
  stableAfterMs: 30_000,
}

/** What a delegate does after its connection closed with a code. */
export type RetryPolicy = 'now' | 'backoff' | 'never'

export interface CloseCode {
  code: number
  retry: RetryPolicy
  meaning: string
}

export const CLOSE_CODES = {
  normal: { code: 1000, retry: 'now', meaning: 'the peer said goodbye' },
  goingAway: { code: 1001, retry: 'now', meaning: 'the server goes away' },
  tooLarge: { code: 1009, retry: 'backoff', meaning: 'a frame was over 1 MiB' },
  badFrame: { code: 4400, retry: 'backoff', meaning: 'a frame could not be read or was not allowed at that moment' },
  unauthenticated: { code: 4401, retry: 'backoff', meaning: 'the handshake was refused' },
  revoked: { code: 4403, retry: 'never', meaning: 'the delegate or its token was revoked' },
  unknownDelegate: { code: 4404, retry: 'never', meaning: 'the server knows no such delegate: enrol it again' },
  handshakeTimeout: { code: 4408, retry: 'backoff', meaning: 'the handshake took too long' },
  superseded: { code: 4409, retry: 'backoff', meaning: 'a newer connection of the same delegate took over' },
  heartbeatMissed: { code: 4410, retry: 'backoff', meaning: 'the peer was silent for too long' },
  awaitingApproval: { code: 4423, retry: 'backoff', meaning: 'a person has to approve the delegate first' },
  versionUnsupported: { code: 4426, retry: 'backoff', meaning: 'the two sides share no protocol version' },
} as const satisfies Record<string, CloseCode>
export type CloseCodeName = keyof typeof CLOSE_CODES

/** What a code means; codes that are not ours stand for "the network" and are retried with backoff. */
export function closeCodeOf(code: number): CloseCode {
  const known = Object.values(CLOSE_CODES).find((candidate) => candidate.code === code)
  return known ?? { code, retry: 'backoff', meaning: 'the connection broke' }
}

/** RFC 6455 allows 123 bytes of reason in a close frame. */
export function closeReason(text: string): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.byteLength <= 123) return text
  // A character cut in half would become a replacement character of three bytes; drop it.
  return new TextDecoder().decode(bytes.subarray(0, 120)).replace(/\uFFFD+$/, '')
}

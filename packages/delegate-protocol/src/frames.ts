import { Failure } from '@sluice/contracts/errors'
import { EpochMs } from '@sluice/contracts/ids'
import { SecretRef } from '@sluice/contracts/tasks'
import { z } from 'zod'
import { MAX_PROGRESS_EVENTS, MAX_TASKS, type PROTOCOL_VERSION } from './limits.ts'

/**
 * The frames of both directions, as `docs/protocol/delegate.md` section 3 lists them.
 * A *message* is `{ kind, body }`; the codec adds `v` and `id` to make a frame of it.
 */

const EntityId = z.string().min(1).max(64)
const Sentence = z.string().max(4_096)
const TaskIds = z.array(EntityId).max(MAX_TASKS)
const Base64Url = z.string().regex(/^[A-Za-z0-9_-]*$/, 'must be base64url without padding')
const Base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64')

/** A task as it is offered. `parameters` is validated by the apps, against the task types of the contracts. */
export const OfferedTask = z.object({
  taskId: EntityId,
  attemptId: z.string().min(1).max(128),
  type: z.string().min(1).max(64),
  parameters: z.unknown(),
  /** Secrets the task may open with `secret.open`, by reference. */
  secrets: z.array(SecretRef).max(64),
  timeoutMs: z.number().int().positive(),
  signatures: z.array(z.string().max(16_384)).max(8),
  /** W3C trace context of the run. */
  traceparent: z.string().max(64).optional(),
})
export type OfferedTask = z.infer<typeof OfferedTask>

/**
 * A result as the link sees it. `output` is the apps' own result (`TaskResult` of the contracts), opaque here;
 * `failure` is there when the delegate ends a task that never ran.
 */
export const TaskResult = z.object({
  taskId: EntityId,
  status: z.enum(['succeeded', 'failed', 'cancelled']),
  output: z.unknown().optional(),
  failure: Failure.optional(),
  /** When the task began to run; null if it never did. */
  startedAt: EpochMs.nullable(),
  endedAt: EpochMs,
})
export type TaskResult = z.infer<typeof TaskResult>

/** What the server did with a result. After any of them the delegate never sends it again. */
export const ResultDisposition = z.enum(['stored', 'duplicate', 'late', 'unknown'])
export type ResultDisposition = z.infer<typeof ResultDisposition>

export const RejectReason = z.object({
  code: z.enum(['busy', 'draining', 'policy', 'unsupported', 'invalid']),
  message: Sentence,
})
export type RejectReason = z.infer<typeof RejectReason>

export const SecretWanted = z.object({ secretId: EntityId, version: z.number().int().min(1) })
export type SecretWanted = z.infer<typeof SecretWanted>

/** A stored value as it is, and its data key sealed (HPKE) to the delegate that asked. */
export const OpenedSecret = SecretWanted.extend({
  /** `scopeKey` of the secret's scope: part of the value's additional authenticated data. */
  scope: z.string().max(400),
  iv: Base64Url.max(64),
  ciphertext: Base64Url.max(300_000),
  tag: Base64Url.max(64),
  sealedKey: z.object({ enc: Base64Url.max(256), ciphertext: Base64Url.max(1_024) }),
})
export type OpenedSecret = z.infer<typeof OpenedSecret>

export const HelloBody = z.object({
  accountId: EntityId,
  delegateId: EntityId,
  token: z.string().max(4_096),
  protocolVersion: z.number().int().min(1),
  delegateVersion: z.string().max(64),
  /** Made with the delegate's task journal: another one means that the old journal is gone. */
  journalId: EntityId,
  capabilities: z.array(z.string().min(1).max(128)).max(256),
  capacity: z.number().int().min(0).max(MAX_TASKS),
  running: TaskIds,
  results: TaskIds,
})
export type HelloBody = z.infer<typeof HelloBody>

export const ChunkBody = z.object({
  taskId: EntityId,
  index: z.number().int().min(0),
  count: z.number().int().min(1).max(256),
  data: Base64,
})
export type ChunkBody = z.infer<typeof ChunkBody>

/** Exactly one of `result` and `chunked` is there. */
export const ResultBody = z
  .object({
    taskId: EntityId,
    result: TaskResult.optional(),
    chunked: z
      .object({
        count: z.number().int().min(1).max(256),
        bytes: z.number().int().min(1),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
      })
      .optional(),
  })
  .refine((body) => (body.result === undefined) !== (body.chunked === undefined), {
    message: 'must hold either "result" or "chunked"',
  })
  .refine((body) => body.result === undefined || body.result.taskId === body.taskId, {
    message: 'the result must be of the same task',
    path: ['result', 'taskId'],
  })
export type ResultBody = z.infer<typeof ResultBody>

export const ErrorFrameBody = z.object({
  code: z.string().min(1).max(64),
  message: Sentence,
  fatal: z.boolean(),
  frameId: z.string().max(64).optional(),
  taskId: EntityId.optional(),
})
export type ErrorFrameBody = z.infer<typeof ErrorFrameBody>

const Sequence = z.number().int().min(0)
const GoodbyeBody = z.object({ reason: Sentence })
const Offer = z.object({ taskId: EntityId, offerId: EntityId })

/** Body of each kind a delegate may send. */
export const DELEGATE_BODIES = {
  hello: HelloBody,
  /** As in `hello`: tasks without a result, and tasks whose result waits for its acknowledgement. */
  heartbeat: z.object({ sequence: Sequence, running: TaskIds, results: TaskIds }),
  'task.accept': Offer,
  'task.reject': Offer.extend({ reason: RejectReason }),
  'task.progress': z.object({
    taskId: EntityId,
    events: z.array(z.unknown()).max(MAX_PROGRESS_EVENTS),
    dropped: z.number().int().min(0),
  }),
  'task.chunk': ChunkBody,
  'task.result': ResultBody,
  'secret.open': z.object({ requestId: EntityId, taskId: EntityId, secrets: z.array(SecretWanted).min(1).max(64) }),
  drain: z.object({ reason: Sentence }),
  goodbye: GoodbyeBody,
  error: ErrorFrameBody,
} as const

/** Body of each kind the server may send. */
export const SERVER_BODIES = {
  challenge: z.object({
    nonce: Base64Url.min(16).max(128),
    serverTimeMs: EpochMs,
    minVersion: z.number().int().min(1),
    maxVersion: z.number().int().min(1),
  }),
  welcome: z.object({
    delegateId: EntityId,
    connectionId: EntityId,
    heartbeatIntervalMs: z.number().int().min(1).max(300_000),
    missedHeartbeats: z.number().int().min(1).max(100),
    leaseMs: z.number().int().min(1),
    resultsWanted: TaskIds,
    tasksToStop: z.array(z.object({ taskId: EntityId, reason: Sentence })).max(MAX_TASKS),
  }),
  heartbeat: z.object({ sequence: Sequence }),
  'task.offer': z.object({ offerId: EntityId, acceptWithinMs: z.number().int().min(1), task: OfferedTask }),
  'task.withdraw': Offer.extend({ reason: Sentence }),
  'task.grant': Offer,
  'task.cancel': z.object({ taskId: EntityId, reason: Sentence }),
  'task.result.ack': z.object({ taskId: EntityId, disposition: ResultDisposition }),
  'secret.opened': z.object({ requestId: EntityId, taskId: EntityId, secrets: z.array(OpenedSecret).max(64) }),
  'secret.refused': z.object({ requestId: EntityId, taskId: EntityId, message: Sentence }),
  drain: z.object({ mode: z.enum(['reconnect', 'stop']), reason: Sentence, graceMs: z.number().int().min(0) }),
  goodbye: GoodbyeBody,
  error: ErrorFrameBody,
} as const

type Bodies = Record<string, z.ZodType>
/** Union of `{ kind, body }` over a table of bodies, so that a kind is written once. */
type MessageOf<Table extends Bodies> = {
  [Kind in keyof Table & string]: { kind: Kind; body: z.infer<Table[Kind]> }
}[keyof Table & string]

export type DelegateMessage = MessageOf<typeof DELEGATE_BODIES>
export type ServerMessage = MessageOf<typeof SERVER_BODIES>

export interface FrameHead {
  v: typeof PROTOCOL_VERSION
  /** Unique among the sender's frames of one connection. */
  id: string
}
export type DelegateFrame = FrameHead & DelegateMessage
export type ServerFrame = FrameHead & ServerMessage

/** Outer shape of every frame; the body is checked against its kind afterwards. */
export const FrameEnvelope = z.object({
  v: z.number(),
  kind: z.string().min(1).max(64),
  id: z.string().min(1).max(64),
  body: z.record(z.string(), z.unknown()),
})

import { createHash } from 'node:crypto'
import { AppError } from '@sluice/contracts/errors'
import { TaskResult, type ChunkBody, type DelegateMessage, type OfferedTask, type ResultBody } from './frames.ts'
import { CHUNK_BYTES, INLINE_RESULT_LIMIT_BYTES, PARAMETERS_LIMIT_BYTES, RESULT_LIMIT_BYTES } from './limits.ts'

/**
 * The messages that carry a result: one `task.result`, or `task.chunk` × n and a `task.result` that names
 * their count, length and SHA-256.
 * @throws AppError TASK_REJECTED for a result over 64 MiB; the caller reports that failure instead
 */
export function resultMessages(result: TaskResult): DelegateMessage[] {
  const { taskId } = result
  const bytes = Buffer.from(JSON.stringify(result), 'utf8')
  if (bytes.byteLength <= INLINE_RESULT_LIMIT_BYTES) return [{ kind: 'task.result', body: { taskId, result } }]
  if (bytes.byteLength > RESULT_LIMIT_BYTES) {
    throw new AppError(
      'TASK_REJECTED',
      `The result of task "${taskId}" has ${bytes.byteLength} bytes; the most is ${RESULT_LIMIT_BYTES}. Ask for less at once.`,
    )
  }
  const count = Math.ceil(bytes.byteLength / CHUNK_BYTES)
  const chunks = Array.from({ length: count }, (_, index): DelegateMessage => {
    const data = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES).toString('base64')
    return { kind: 'task.chunk', body: { taskId, index, count, data } }
  })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return [...chunks, { kind: 'task.result', body: { taskId, chunked: { count, bytes: bytes.byteLength, sha256 } } }]
}

/** True where the offer's parameters fit; checked when a task is taken in, so that no offer can fail to encode. */
export function fitsInOffer(task: OfferedTask): boolean {
  return Buffer.byteLength(JSON.stringify(task), 'utf8') <= PARAMETERS_LIMIT_BYTES
}

export type AssembledResult = { ok: true; result: TaskResult } | { ok: false; message: string }

interface Parts {
  count: number
  bytes: number
  buffers: Buffer[]
}

/**
 * Puts the chunks of one connection together (server side). Chunks come in order; index 0 begins a task's result
 * anew. One instance per connection, so that a reconnect starts from nothing.
 */
export class ResultAssembler {
  readonly #parts = new Map<string, Parts>()
  readonly #limitBytes: number
  #held = 0

  /** @param limitBytes most bytes held for all tasks of the connection together */
  constructor(limitBytes: number = RESULT_LIMIT_BYTES) {
    this.#limitBytes = limitBytes
  }

  /** Takes a chunk. One that doesn't follow its predecessor drops the task's parts; `finish` then says so. */
  push(chunk: ChunkBody): void {
    if (chunk.index === 0) {
      this.drop(chunk.taskId)
      this.#parts.set(chunk.taskId, { count: chunk.count, bytes: 0, buffers: [] })
    }
    const parts = this.#parts.get(chunk.taskId)
    if (parts === undefined) return
    const buffer = Buffer.from(chunk.data, 'base64')
    const inOrder = parts.buffers.length === chunk.index && parts.count === chunk.count && chunk.index < chunk.count
    if (!inOrder || this.#held + buffer.byteLength > this.#limitBytes) {
      this.drop(chunk.taskId)
      return
    }
    parts.buffers.push(buffer)
    parts.bytes += buffer.byteLength
    this.#held += buffer.byteLength
  }

  /** The result of a `task.result` frame, from the frame itself or from the chunks before it. */
  finish(body: ResultBody): AssembledResult {
    const parts = this.#parts.get(body.taskId)
    this.drop(body.taskId)
    if (body.result !== undefined) return { ok: true, result: body.result }
    const { chunked } = body
    if (chunked === undefined || parts === undefined) return problem(body.taskId, 'its chunks are missing')
    if (parts.buffers.length !== chunked.count || parts.bytes !== chunked.bytes) {
      return problem(
        body.taskId,
        `${parts.buffers.length} chunks with ${parts.bytes} bytes came instead of ${chunked.count} with ${chunked.bytes}`,
      )
    }
    const bytes = Buffer.concat(parts.buffers)
    if (createHash('sha256').update(bytes).digest('hex') !== chunked.sha256) {
      return problem(body.taskId, 'its SHA-256 is another one')
    }
    return read(body.taskId, bytes.toString('utf8'))
  }

  /** Forgets the chunks of a task. */
  drop(taskId: string): void {
    const parts = this.#parts.get(taskId)
    if (parts === undefined) return
    this.#held -= parts.bytes
    this.#parts.delete(taskId)
  }
}

function read(taskId: string, text: string): AssembledResult {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return problem(taskId, 'it is not JSON')
  }
  const parsed = TaskResult.safeParse(json)
  if (!parsed.success || parsed.data.taskId !== taskId) return problem(taskId, 'it does not fit its schema')
  return { ok: true, result: parsed.data }
}

function problem(taskId: string, what: string): AssembledResult {
  return { ok: false, message: `The chunked result of task "${taskId}" can't be read: ${what}. Send it again.` }
}

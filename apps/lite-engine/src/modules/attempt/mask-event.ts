import type { Masker } from '@sluice/secrets/masking'
import { CHUNK_BYTES } from '@sluice/pod/grpc'
import type { ChangesetEvent, OutputChunk, StepResult } from '@sluice/proto/step'

/** Masks JSON bytes; structure stays, texts and keys are masked. */
function maskBytes(masker: Masker, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes
  return Buffer.from(JSON.stringify(masker.maskJson<unknown>(JSON.parse(bytes.toString('utf8')))))
}

export function maskChangeset(masker: Masker, event: ChangesetEvent): ChangesetEvent {
  return { ...event, message: masker.maskText(event.message) }
}

export function maskResult(masker: Masker, result: StepResult): StepResult {
  const { failure } = result
  return {
    ...result,
    body: maskBytes(masker, result.body),
    failure: failure && {
      ...failure,
      message: masker.maskText(failure.message),
      details: maskBytes(masker, failure.details),
    },
  }
}

/** Puts the chunks of outputs together, masks the whole (a secret may lie across two chunks) and cuts it again. */
export class OutputMasker {
  readonly #masker: Masker
  readonly #parts = new Map<string, Buffer[]>()

  constructor(masker: Masker) {
    this.#masker = masker
  }

  /** The masked chunks when the output is complete, else none. */
  add(chunk: OutputChunk): OutputChunk[] {
    const parts = chunk.index === 0 ? [] : (this.#parts.get(chunk.name) ?? [])
    parts.push(chunk.data)
    this.#parts.set(chunk.name, parts)
    if (!chunk.last) return []
    this.#parts.delete(chunk.name)
    return chunkOutput(chunk.name, maskBytes(this.#masker, Buffer.concat(parts)), chunk.document)
  }
}

function chunkOutput(name: string, bytes: Buffer, document: boolean): OutputChunk[] {
  const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES))
  return Array.from({ length: count }, (_, index) => ({
    name,
    data: bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
    index,
    last: index === count - 1,
    document,
  }))
}

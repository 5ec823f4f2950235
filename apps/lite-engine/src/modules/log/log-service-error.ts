/** What a refusal of the log service says besides its status. */
interface Refusal {
  /** Last line that it has, where it refused a gap. */
  ackedSeq?: number
  /** Set where the log was closed already: no line will be taken any more. */
  closedSeq?: number
}

/** Answers that may be another one later. */
const TEMPORARY = new Set([408, 425, 429])

/** An answer of the log service that isn't a success. */
export class LogServiceError extends Error {
  /** Last line that the service has, when it refused a gap. */
  readonly ackedSeq: number | undefined
  /** True when the same request will be refused again. */
  readonly isFinal: boolean

  constructor(status: number, message: string, refusal: Refusal = {}) {
    super(message)
    this.name = 'LogServiceError'
    this.ackedSeq = refusal.closedSeq === undefined ? refusal.ackedSeq : undefined
    this.isFinal = status >= 400 && status < 500 && !TEMPORARY.has(status) && this.ackedSeq === undefined
  }
}

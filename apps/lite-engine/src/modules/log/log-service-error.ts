/** An answer of the log service that isn't a success. `ackedSeq` is set when it refused a gap. */
export class LogServiceError extends Error {
  readonly status: number
  readonly ackedSeq: number | undefined

  constructor(status: number, message: string, ackedSeq: number | undefined) {
    super(message)
    this.name = 'LogServiceError'
    this.status = status
    this.ackedSeq = ackedSeq
  }
}

export type ExpressionErrorCode =
  /** The text can't be read as an expression. */
  | 'syntax'
  /** A segment of a path isn't there. */
  | 'not_found'
  /** A function, operator or place that expressions don't have. */
  | 'not_allowed'
  /** An operand of the wrong type. */
  | 'type'
  /** Too long, too deep or too much work. */
  | 'too_large'
  /** A variable whose value leads back to itself. */
  | 'cycle'
  /** A secret where none may be, or text that pretends to be one. */
  | 'secret'
  /** A runtime input without a value, or with a value its constraints refuse. */
  | 'input'

export interface ExpressionErrorOptions {
  /** The expression as written, cut to 200 characters. */
  expression: string
  /** The segment of the path that wasn't found. */
  segment?: string
  /** Where in a tree of values the expression stands: `spec.tag`. */
  path?: string
}

/** The only error this package throws. Its message is a sentence for the author of the pipeline. */
export class ExpressionError extends Error {
  readonly code: ExpressionErrorCode
  readonly expression: string
  readonly segment: string | undefined
  readonly path: string | undefined

  constructor(code: ExpressionErrorCode, message: string, options: ExpressionErrorOptions) {
    super(message)
    this.name = 'ExpressionError'
    this.code = code
    this.expression = excerpt(options.expression)
    this.segment = options.segment
    this.path = options.path
  }

  /** The same error, at a place in a tree of values. */
  at(path: string): ExpressionError {
    if (this.path !== undefined) return this
    return new ExpressionError(this.code, `${path}: ${this.message}`, {
      expression: this.expression,
      segment: this.segment,
      path,
    })
  }
}

/** Text short enough for a sentence. */
export function excerpt(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 197)}...`
}

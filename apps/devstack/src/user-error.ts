/** Something the reader of the terminal can act on: shown as its sentence alone, without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

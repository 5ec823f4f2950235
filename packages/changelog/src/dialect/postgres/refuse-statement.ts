import { dollarBody, lex, type Token } from './lex.ts'

export interface Refusal {
  code: 'COPY_PROGRAM' | 'COPY_FROM_CLIENT' | 'PSQL_COMMAND' | 'TRANSACTION_CONTROL'
  sentence: string
  /** Offset in the statement. */
  offset: number
}

/**
 * What must not run, however the changelog came to hold it: programs started on the database server, data from a client
 * that isn't there, psql's own commands, and an end of the changeset's transaction before its history row is in it.
 */
export function refuseStatement(sql: string, inTransaction: boolean): Refusal | undefined {
  const tokens = lex(sql).filter((token) => !['space', 'lineComment', 'blockComment'].includes(token.kind))
  const psql = psqlCommand(sql, tokens)
  if (psql !== undefined) return psql
  for (const piece of pieces(sql, tokens)) {
    const refusal = refusePiece(sql, piece, inTransaction)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function refusePiece(sql: string, piece: readonly Token[], inTransaction: boolean): Refusal | undefined {
  const [first, second] = piece
  if (first === undefined) return undefined
  const word = lower(sql, first)
  if (word === 'copy') {
    const copy = refuseCopy(sql, piece)
    if (copy !== undefined) return copy
  }
  if (inTransaction) {
    const ends =
      word === 'commit' ||
      word === 'abort' ||
      word === 'end' ||
      (word === 'rollback' && !piece.some((token) => lower(sql, token) === 'to')) ||
      (word === 'prepare' && second !== undefined && lower(sql, second) === 'transaction')
    if (ends) {
      return {
        code: 'TRANSACTION_CONTROL',
        offset: first.start,
        sentence: `"${word.toUpperCase()}" would end the changeset's transaction before its history row is written. Remove it (each changeset runs in a transaction of its own), or set runInTransaction:false`,
      }
    }
  }
  for (const token of piece) {
    if (token.kind !== 'dollar') continue
    if (PROGRAM_IN_BODY.test(withoutComments(dollarBody(sql, token)))) return copyProgram(token.start)
  }
  return undefined
}

/** In a routine's body COPY may stand in a string to EXECUTE, so the words are looked for anywhere. */
const PROGRAM_IN_BODY = /\bcopy\b[^;]{0,4000}?\b(?:from|to)\s+program\b/i

function refuseCopy(sql: string, piece: readonly Token[]): Refusal | undefined {
  for (const [index, token] of piece.entries()) {
    const word = lower(sql, token)
    const next = piece[index + 1]
    if ((word !== 'from' && word !== 'to') || next === undefined) continue
    const target = lower(sql, next)
    if (target === 'program') return copyProgram(token.start)
    if (target === 'stdin' || target === 'stdout') {
      return {
        code: 'COPY_FROM_CLIENT',
        offset: token.start,
        sentence: `"COPY … ${word.toUpperCase()} ${target.toUpperCase()}" needs a client that sends or takes the rows, as psql does. Use INSERT statements`,
      }
    }
  }
  return undefined
}

function copyProgram(offset: number): Refusal {
  return {
    code: 'COPY_PROGRAM',
    offset,
    sentence: '"COPY … PROGRAM" starts a program on the database server and is refused here. Load the data another way',
  }
}

function psqlCommand(sql: string, tokens: readonly Token[]): Refusal | undefined {
  for (const token of tokens) {
    if (token.kind !== 'other' || sql[token.start] !== '\\') continue
    const lineStart = sql.lastIndexOf('\n', token.start - 1) + 1
    if (sql.slice(lineStart, token.start).trim() !== '') continue
    const command = /^\\\S*/.exec(sql.slice(token.start, token.start + 40))?.[0] ?? '\\'
    return {
      code: 'PSQL_COMMAND',
      offset: token.start,
      sentence: `"${command}" is a command of psql, not SQL, and no database understands it. Remove the line, or write what it does as SQL`,
    }
  }
  return undefined
}

/** The tokens of each `;`-separated piece. */
function pieces(sql: string, tokens: readonly Token[]): Token[][] {
  const all: Token[][] = [[]]
  for (const token of tokens) {
    if (token.kind === 'other' && sql[token.start] === ';') all.push([])
    else all.at(-1)?.push(token)
  }
  return all
}

function withoutComments(sql: string): string {
  return lex(sql)
    .map((token) =>
      token.kind === 'lineComment' || token.kind === 'blockComment' ? ' ' : sql.slice(token.start, token.end),
    )
    .join('')
}

function lower(sql: string, token: Token): string {
  return token.kind === 'word' ? sql.slice(token.start, token.end).toLowerCase() : ''
}

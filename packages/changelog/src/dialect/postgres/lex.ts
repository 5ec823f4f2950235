export type TokenKind = 'space' | 'lineComment' | 'blockComment' | 'string' | 'dollar' | 'quotedName' | 'word' | 'other'

export interface Token {
  kind: TokenKind
  start: number
  end: number
  /** False for a string, comment or quoted name that the text ends inside of. */
  closed: boolean
}

const SPACE = /[\s]+/y
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy
const NUMBER = /\d[\w.]*/y
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy
const LINE_COMMENT = /--[^\n]*/y

/**
 * The token of Postgres SQL that begins at this offset, read as the server reads it: nested block comments, `E''`
 * strings with backslashes, plain strings without (standard_conforming_strings), dollar quotes.
 */
export function tokenAt(sql: string, start: number): Token {
  const character = sql[start] ?? ''
  const next = sql[start + 1] ?? ''
  const space = matchAt(SPACE, sql, start)
  if (space !== undefined) return { kind: 'space', start, end: space, closed: true }
  if (character === '-' && next === '-') {
    return { kind: 'lineComment', start, end: matchAt(LINE_COMMENT, sql, start) ?? sql.length, closed: true }
  }
  if (character === '/' && next === '*') return blockComment(sql, start)
  if (character === "'") return quoted(sql, start, start, "'", false, 'string')
  if (character === '"') return quoted(sql, start, start, '"', false, 'quotedName')
  if ((character === 'e' || character === 'E') && next === "'")
    return quoted(sql, start, start + 1, "'", true, 'string')
  const word = matchAt(WORD, sql, start)
  if (word !== undefined) return { kind: 'word', start, end: word, closed: true }
  const number = matchAt(NUMBER, sql, start)
  if (number !== undefined) return { kind: 'other', start, end: number, closed: true }
  if (character === '$') {
    const tagEnd = matchAt(DOLLAR_TAG, sql, start)
    if (tagEnd !== undefined) {
      const tag = sql.slice(start, tagEnd)
      const close = sql.indexOf(tag, tagEnd)
      return close === -1
        ? { kind: 'dollar', start, end: sql.length, closed: false }
        : { kind: 'dollar', start, end: close + tag.length, closed: true }
    }
  }
  const wide = (sql.codePointAt(start) ?? 0) > 0xffff
  return { kind: 'other', start, end: start + (wide ? 2 : 1), closed: true }
}

/** All tokens of a text, without gaps: their pieces joined are the text. */
export function lex(sql: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < sql.length;) {
    const token = tokenAt(sql, at)
    tokens.push(token)
    at = token.end
  }
  return tokens
}

/** What a dollar-quoted token holds between its tags. */
export function dollarBody(sql: string, token: Token): string {
  const tagLength = sql.indexOf('$', token.start + 1) + 1 - token.start
  return sql.slice(token.start + tagLength, token.closed ? token.end - tagLength : token.end)
}

function matchAt(pattern: RegExp, text: string, start: number): number | undefined {
  pattern.lastIndex = start
  return pattern.test(text) ? pattern.lastIndex : undefined
}

function blockComment(sql: string, start: number): Token {
  let depth = 1
  let at = start + 2
  while (at < sql.length) {
    if (sql.startsWith('/*', at)) {
      depth += 1
      at += 2
    } else if (sql.startsWith('*/', at)) {
      depth -= 1
      at += 2
      if (depth === 0) return { kind: 'blockComment', start, end: at, closed: true }
    } else at += 1
  }
  return { kind: 'blockComment', start, end: sql.length, closed: false }
}

function quoted(
  sql: string,
  start: number,
  open: number,
  quote: string,
  escapes: boolean,
  kind: 'string' | 'quotedName',
): Token {
  let at = open + 1
  while (at < sql.length) {
    const character = sql[at]
    if (escapes && character === '\\') at += 2
    else if (character === quote) {
      if (sql[at + 1] !== quote) return { kind, start, end: at + 1, closed: true }
      at += 2
    } else at += 1
  }
  return { kind, start, end: sql.length, closed: false }
}

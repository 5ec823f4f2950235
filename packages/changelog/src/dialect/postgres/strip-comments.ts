import type { SourceText } from '../../model/source-text.ts'
import { dollarBody, lex, type Token } from './lex.ts'

interface Edit {
  start: number
  end: number
  text: string
}

/** Only in these does `--` begin a comment; in the body of another language it may be code. */
const SQL_LANGUAGES = new Set(['sql', 'plpgsql'])

/**
 * Removes comments as Liquibase does, so that functions are stored with the same text: also inside the bodies of
 * routines and DO blocks, but (unlike Liquibase) never inside other dollar-quoted text, which is data.
 */
export function stripComments(statement: SourceText): SourceText {
  const sql = statement.text
  if (!sql.includes('--') && !sql.includes('/*')) return statement
  const tokens = lex(sql)
  const edits = tokens.flatMap((token) => commentEdit(sql, token, 0))
  if (isRoutine(sql, tokens)) {
    for (const token of tokens.filter(({ kind }) => kind === 'dollar')) edits.push(...bodyEdits(sql, token))
  }
  return statement.replace(edits.toSorted((left, right) => left.start - right.start))
}

function bodyEdits(sql: string, token: Token): Edit[] {
  const body = dollarBody(sql, token)
  const bodyStart = sql.indexOf('$', token.start + 1) + 1
  return lex(body).flatMap((inner) => commentEdit(body, inner, bodyStart))
}

function commentEdit(sql: string, token: Token, offset: number): Edit[] {
  if (token.kind !== 'lineComment' && token.kind !== 'blockComment') return []
  // What stood on both sides of a comment stays two words.
  const joins = isWordCharacter(sql[token.start - 1]) && isWordCharacter(sql[token.end])
  return [{ start: token.start + offset, end: token.end + offset, text: joins ? ' ' : '' }]
}

function isRoutine(sql: string, tokens: readonly Token[]): boolean {
  const words = tokens
    .filter(({ kind }) => kind === 'word' || kind === 'string')
    .map(({ start, end }) => sql.slice(start, end).toLowerCase())
  if (!/^(?:do\b|create (?:or replace )?(?:function|procedure)\b)/.test(words.slice(0, 4).join(' '))) return false
  const language = words[words.indexOf('language') + 1] ?? ''
  return !words.includes('language') || SQL_LANGUAGES.has(language.replaceAll("'", ''))
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_$]/u.test(character)
}

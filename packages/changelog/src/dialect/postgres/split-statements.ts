import type { SqlBlock } from '../../model/change-log.ts'
import type { SourceText } from '../../model/source-text.ts'
import { delimiterMatcher } from './delimiter.ts'
import { lex, tokenAt, type Token } from './lex.ts'
import { stripComments } from './strip-comments.ts'

/** `BEGIN` followed by one of these starts a transaction, not a block. */
const NOT_A_BLOCK = /^(?:transaction|tran|trans|dialog|conversation|distributed)$/i

/**
 * Cuts SQL into the statements to send, each without its delimiter and remembering its place in the file.
 * Quotes, dollar quotes and comments are never cut. Pieces that hold only blanks and comments are dropped.
 */
export function splitStatements(block: SqlBlock): SourceText[] {
  const { text } = block
  if (!block.splitStatements && block.grammar === 'liquibase') {
    const whole = (block.stripComments ? stripComments(text) : text).trim()
    return isEmpty(whole.text) ? [] : [whole]
  }
  const sql = text.text
  const delimiterAt = delimiterMatcher(block.grammar === 'liquibase' ? block.endDelimiter : null)
  const statements: SourceText[] = []
  let from = 0
  const emit = (end: number) => {
    const piece = (block.stripComments ? stripComments(text.slice(from, end)) : text.slice(from, end)).trim()
    if (!isEmpty(piece.text)) statements.push(piece)
  }
  const blocks = block.grammar === 'liquibase' ? new BlockDepth() : new RoutineDepth()
  for (let at = 0; at < sql.length;) {
    const delimiterEnd = blocks.depth === 0 ? delimiterAt(sql, at) : undefined
    if (delimiterEnd !== undefined && (block.grammar === 'liquibase' || sql[at] === ';')) {
      emit(at)
      from = delimiterEnd
      at = delimiterEnd
      blocks.reset()
      continue
    }
    const token = tokenAt(sql, at)
    if (token.kind === 'word') blocks.word(sql, token)
    // A pattern like "\nGO" begins inside blanks, so they are passed one by one.
    at = token.kind === 'space' ? at + 1 : token.end
  }
  emit(sql.length)
  return statements
}

/** Liquibase's rule: between an unquoted BEGIN and its END nothing is cut. */
class BlockDepth {
  depth = 0

  reset(): void {
    this.depth = 0
  }

  word(sql: string, token: Token): void {
    const word = sql.slice(token.start, token.end).toLowerCase()
    if (word === 'begin' && !NOT_A_BLOCK.test(nextWord(sql, token.end))) this.depth += 1
    else if (word === 'case' && this.depth > 0) this.depth += 1
    else if (word === 'end' && this.depth > 0) this.depth -= 1
  }
}

/** The server's own rule: only the body of a routine in SQL-standard form (`BEGIN ATOMIC … END`) holds semicolons. */
class RoutineDepth {
  depth = 0
  #words: string[] = []

  reset(): void {
    this.depth = 0
    this.#words = []
  }

  word(sql: string, token: Token): void {
    const word = sql.slice(token.start, token.end).toLowerCase()
    if (this.#words.length < 4) this.#words.push(word)
    if (!/^create (?:or replace )?(?:function|procedure)\b/.test(this.#words.join(' '))) return
    if (word === 'begin' || (word === 'case' && this.depth > 0)) this.depth += 1
    else if (word === 'end' && this.depth > 0) this.depth -= 1
  }
}

function nextWord(sql: string, at: number): string {
  return /^\s*([a-z]+)/i.exec(sql.slice(at, at + 40))?.[1] ?? ''
}

/** True when a text has nothing for the server to do. */
function isEmpty(sql: string): boolean {
  return lex(sql).every(
    (token) => token.kind === 'space' || token.kind === 'lineComment' || token.kind === 'blockComment',
  )
}

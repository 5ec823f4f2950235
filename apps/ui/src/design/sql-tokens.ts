export type SqlTokenKind = 'keyword' | 'string' | 'number' | 'comment' | 'text'
export interface SqlToken {
  kind: SqlTokenKind
  text: string
}

const KEYWORDS = new Set(
  `add all alter and any as asc begin between by cascade case check column comment commit concurrently constraint create
  cross current_date current_timestamp database default deferrable delete desc distinct do drop else end except exists
  false for foreign from full function grant group having if in index inner insert intersect into is join key language
  left like limit lock materialized not null offset on only or order outer primary procedure references rename replace
  restrict returning returns revoke right rollback row schema select sequence set table temporary then to trigger true
  truncate type union unique update using values view when where with`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

// In the order in which they win: comments and quoted text hold whatever looks like the rest.
const TOKEN =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>'(?:[^']|'')*(?:'|$)|\$(?<tag>\w*)\$[\s\S]*?(?:\$\k<tag>\$|$))|(?<quoted>"(?:[^"]|"")*"|`[^`]*`)|(?<number>\b\d+(?:\.\d+)?\b)|(?<word>[A-Za-z_]\w*)/g

/** Splits SQL for the eye: whatever is not understood is text. Joined, the tokens are the input again. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = []
  const push = (kind: SqlTokenKind, text: string): void => {
    if (text === '') return
    const last = tokens.at(-1)
    if (last?.kind === kind) last.text += text
    else tokens.push({ kind, text })
  }
  let end = 0
  for (const match of sql.matchAll(TOKEN)) {
    push('text', sql.slice(end, match.index))
    end = match.index + match[0].length
    push(kindOf(match.groups ?? {}), match[0])
  }
  push('text', sql.slice(end))
  return tokens
}

function kindOf(groups: Record<string, string | undefined>): SqlTokenKind {
  if (groups['comment'] !== undefined) return 'comment'
  if (groups['string'] !== undefined) return 'string'
  if (groups['number'] !== undefined) return 'number'
  return KEYWORDS.has(groups['word']?.toLowerCase() ?? '') ? 'keyword' : 'text'
}

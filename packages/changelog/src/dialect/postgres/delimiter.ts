/** Finds a changeset's `endDelimiter` at an offset. @returns the offset after it, or undefined. */
export type DelimiterMatcher = (sql: string, at: number) => number | undefined

/** `;`, or a line that holds nothing but `go` (any case) or `/`. */
export const defaultDelimiter: DelimiterMatcher = (sql, at) => {
  if (sql[at] === ';') return at + 1
  if (at > 0 && sql[at - 1] !== '\n') return undefined
  return matchAt(LINE_OF_ITS_OWN, sql, at)
}
const LINE_OF_ITS_OWN = /(?:go|\/)[ \t]*(?=\n|$)/iy

/**
 * A delimiter as the changelog gives it: one character is itself (a `/` only at the start of a line); more are taken
 * literally, in any case, or as the simple pattern that people write in changelogs: `\n`, `\s` and the like, `.`, each
 * with `*`, `+` or `?`. Other characters of regular expressions stand for themselves, so that no pattern can run away.
 */
export function delimiterMatcher(endDelimiter: string | null): DelimiterMatcher {
  if (endDelimiter === null || endDelimiter === ';') return defaultDelimiter
  const literal = endDelimiter.toLowerCase()
  const pattern = new RegExp(simplePattern(endDelimiter), 'iy')
  return (sql, at) => {
    if (endDelimiter === '/' && at > 0 && sql[at - 1] !== '\n') return undefined
    const end =
      sql.slice(at, at + literal.length).toLowerCase() === literal ? at + literal.length : matchAt(pattern, sql, at)
    if (end === undefined || end === at) return undefined
    const splitsWord = isWordCharacter(sql[end - 1]) && isWordCharacter(sql[end])
    const beginsInWord = isWordCharacter(sql[at]) && isWordCharacter(sql[at - 1])
    return splitsWord || beginsInWord ? undefined : end
  }
}

function simplePattern(delimiter: string): string {
  const atoms = delimiter.match(/\\?[\s\S][*+?]?/g) ?? []
  return atoms
    .map((atom) => {
      const quantifier = /.[*+?]$/s.test(atom) ? atom.slice(-1) : ''
      const character = quantifier === '' ? atom : atom.slice(0, -1)
      if (/^\\[nrts]$/.test(character) || character === '.') return character + quantifier
      return escapePattern(character.replace(/^\\(?=.)/s, '')) + quantifier
    })
    .join('')
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character)
}

function matchAt(pattern: RegExp, text: string, start: number): number | undefined {
  pattern.lastIndex = start
  return pattern.test(text) ? pattern.lastIndex : undefined
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

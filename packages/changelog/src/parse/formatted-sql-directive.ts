/** One line of formatted SQL. Everything that isn't a directive is SQL, also an ordinary comment. */
export type Line =
  | { kind: 'sql' }
  | { kind: 'changeSet'; author: string; id: string; attributes: string }
  | { kind: 'comment'; text: string }
  | { kind: 'rollback'; /** offset of the text in the line */ from: number }
  | { kind: 'rollbackBlock' }
  | { kind: 'validCheckSum'; checksum: string }
  | { kind: 'ignoreLines'; lines: number | 'start' | 'end' }
  | { kind: 'preconditions'; attributes: string }
  | { kind: 'precondition'; name: string; /** offset of the body in the line */ from: number }
  | { kind: 'property'; attributes: string }
  | { kind: 'malformed'; wanted: string }

const HEADER = /^\s*--\s*liquibase\s*formatted\s*sql(.*)$/i

/** The attributes of a file's first line with text, when that says that the file is formatted SQL. */
export function formattedSqlHeader(firstLine: string): string | undefined {
  return HEADER.exec(firstLine)?.[1]
}

interface Rule {
  pattern: RegExp
  read(match: RegExpExecArray, line: string): Line
}

/** Tried in order; what a loose pattern catches after its strict one is a slip of the pen and is reported. */
const RULES: readonly Rule[] = [
  {
    pattern: /^\s*--\s*changeset\s+("[^"]+"|[^:"]+):("[^"]+"|\S+)(.*)$/i,
    read: ([, author = '', id = '', attributes = '']) => ({
      kind: 'changeSet',
      author: unquote(author),
      id: unquote(id),
      attributes,
    }),
  },
  malformed(/^\s*-{1,2}\s*changeset/i, '--changeset <author>:<id>'),
  {
    pattern: /^\s*--\s*comment(?::\s*|\s+:?\s*)(\S.*)$/i,
    read: ([, text = '']) => ({ kind: 'comment', text: text.trim() }),
  },
  malformed(/^\s*(?:-\s*comments?|--\s*comments)(?::|\s|$)/i, '--comment: <text>'),
  {
    pattern: /^\s*--\s*validCheckSum(?::\s*|\s+:?\s*)(\S.*)$/i,
    read: ([, checksum = '']) => ({ kind: 'validCheckSum', checksum: checksum.trim() }),
  },
  malformed(/^\s*-\s*validCheckSum/i, '--validCheckSum: <checksum>'),
  {
    pattern: /^\s*--\s*ignoreLines:\s*(\d+|start|end)\s*$/i,
    read: ([, lines = '']) => ({ kind: 'ignoreLines', lines: ignoredLines(lines.toLowerCase()) }),
  },
  malformed(
    /^\s*(?:-\s*ignore(?:Lines?)?|--\s*ignore):/i,
    '--ignoreLines:<count>, --ignoreLines:start or --ignoreLines:end',
  ),
  {
    pattern: /^\s*--\s*rollback\s(?=\s*\S)/i,
    read: ([all]) => ({ kind: 'rollback', from: all.length }),
  },
  malformed(/^\s*-\s*rollback(?:\s|$)/i, '--rollback <SQL>'),
  { pattern: /^\s*\/\*\s*liquibase\s+rollback\s*$/i, read: () => ({ kind: 'rollbackBlock' }) },
  { pattern: /^\s*--\s*preconditions(.*)$/i, read: ([, attributes = '']) => ({ kind: 'preconditions', attributes }) },
  malformed(/^\s*-\s*preconditions/i, '--preconditions onFail:<what to do>'),
  {
    pattern: /^\s*--\s*precondition-([A-Za-z0-9-]+)\s*/i,
    read: ([all, name = '']) => ({ kind: 'precondition', name: name.toLowerCase(), from: all.length }),
  },
  {
    pattern: /^\s*--\s*property\s+(?=.*\bname:)(?=.*\bvalue:)(.*)$/i,
    read: ([, attributes = '']) => ({ kind: 'property', attributes }),
  },
  malformed(/^\s*-{1,2}\s*property\s+\S/i, '--property name:<name> value:<value>'),
]

function malformed(pattern: RegExp, wanted: string): Rule {
  return { pattern, read: () => ({ kind: 'malformed', wanted }) }
}

export function readLine(line: string): Line {
  // Nothing but SQL begins otherwise; most lines end here.
  if (!/^\s*(?:-|\/\*)/.test(line)) return { kind: 'sql' }
  for (const rule of RULES) {
    const match = rule.pattern.exec(line)
    if (match !== null) return rule.read(match, line)
  }
  return { kind: 'sql' }
}

/** `name:value` of a directive; quotes hold blanks together. Names are case-insensitive. */
export function attribute(attributes: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}:\\s*(?:"([^"]*)"|(\\S+))`, 'i').exec(attributes)
  return match?.[1] ?? match?.[2]
}

/** As {@link attribute}, where Liquibase takes quotes for characters like others. */
export function bareAttribute(attributes: string, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}:\\s*(\\S+)`, 'i').exec(attributes)?.[1]
}

/** A switch: `true` in any case, anything else is false, as Java reads it. */
export function flag(attributes: string, name: string, otherwise: boolean): boolean {
  const value = attribute(attributes, name)
  return value === undefined ? otherwise : value.toLowerCase() === 'true'
}

function ignoredLines(text: string): number | 'start' | 'end' {
  return text === 'start' || text === 'end' ? text : Number(text)
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1) : text
}

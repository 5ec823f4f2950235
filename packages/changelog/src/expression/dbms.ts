/**
 * Whether a `dbms` list names this database: `a, b` either; `!a` every other; `all`; `none`.
 * @param dbms null or empty for every database.
 */
export function dbmsMatches(dbms: string | null, dialect: string): boolean {
  const names = (dbms ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0 || names.includes('all')) return true
  if (names.includes('none') || names.includes(`!${dialect}`)) return false
  const wanted = names.filter((name) => !name.startsWith('!'))
  return wanted.length === 0 || wanted.includes(dialect)
}

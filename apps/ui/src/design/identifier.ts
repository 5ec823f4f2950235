const LONGEST = 128

/** Identifier that a name suggests: "Shop DB (production)" → `shop_db_production`. Empty where nothing is left. */
export function identifierOf(name: string): string {
  const word = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, LONGEST)
  return /^\d/.test(word) ? `_${word}`.slice(0, LONGEST) : word
}

/** Why this can't be an identifier; undefined where it can. */
export function identifierProblem(identifier: string): string | undefined {
  if (/^[a-zA-Z_][0-9a-zA-Z_$]{0,127}$/.test(identifier)) return undefined
  return identifier === '' ? 'Give it an identifier' : 'Begin with a letter or _; then letters, digits, _ and $ only'
}

/** `shop` after 1 try, `shop_2` after 2, and so on: for an identifier that is taken. */
export function numberedIdentifier(wanted: string, number: number): string {
  return number === 1 ? wanted : `${wanted.slice(0, LONGEST - 5)}_${number}`
}

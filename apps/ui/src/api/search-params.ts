/** A text of the address; undefined where it is absent, empty or of another kind. */
export function textParam(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** One of `allowed`, or undefined. */
export function choiceParam<Choice extends string>(value: unknown, allowed: readonly Choice[]): Choice | undefined {
  return allowed.find((choice) => choice === value)
}

/** Page number, counted from 1; undefined for the first, so that its address stays short. */
export function pageParam(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 1 && value < 100_000 ? value : undefined
}

/** A list written with commas; undefined where it is empty. */
export function listParam(value: unknown): string[] | undefined {
  const items = textParam(value)
    ?.split(',')
    .filter((item) => item !== '')
  return items === undefined || items.length === 0 ? undefined : items
}

/** True or absent. */
export function flagParam(value: unknown): true | undefined {
  return value === true || value === 'true' ? true : undefined
}

/** Leaves out what is undefined: an address names only what differs from the usual. */
export function compact<Search extends object>(search: Search): Search {
  // The parsing seam of addresses: only entries go, no value changes.
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as Search
}

/** Nearest-rank percentile of at least one value, rounded to a tenth. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  const value = sorted[rank - 1]
  if (value === undefined) throw new Error('There is no percentile of nothing.')
  return Math.round(value * 10) / 10
}

/** A duration as the table shows it. */
export function milliseconds(value: number): string {
  return `${Math.round(value)} ms`
}

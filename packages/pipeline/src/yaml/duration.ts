const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Longest timeout of anything: a year. Longer ones are typing errors, and would leave the range of a timer. */
export const MAX_DURATION_MS = 365 * 86_400_000

/** Pattern of a timeout: `10m`, `1h 30m`, `2d`. */
export const DURATION_PATTERN = /^\d{1,9}\s?[smhdw](\s?\d{1,9}\s?[smhdw]){0,4}$/

/** Milliseconds of `10m`, `1h 30m`, `2d`; undefined for text that is no duration, under a second or over a year. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim()
  if (!DURATION_PATTERN.test(trimmed)) return undefined
  let total = 0
  for (const [, amount, unit] of trimmed.matchAll(/(\d+)\s?([smhdw])/g))
    total += Number(amount) * (UNITS_MS[unit ?? ''] ?? 0)
  return total >= 1_000 && total <= MAX_DURATION_MS ? total : undefined
}

/** `90000` → `1m 30s`, for sentences. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.max(1, Math.round(milliseconds / 1_000)) * 1_000
  const parts: string[] = []
  for (const unit of ['w', 'd', 'h', 'm', 's']) {
    const size = UNITS_MS[unit] ?? 1
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * size
  }
  return parts.join(' ')
}

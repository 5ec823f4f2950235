import { z } from 'zod'

/**
 * A JSON value as Postgres can store it: text without NUL and without halves of surrogate pairs, which `jsonb` refuses.
 * What a delegate reports may hold any bytes that a database answered with.
 */
export function storableJson(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(storableJson)
  const record = z.record(z.string(), z.unknown()).safeParse(value)
  if (!record.success) return value
  return Object.fromEntries(Object.entries(record.data).map(([key, item]) => [storableText(key), storableJson(item)]))
}

function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed()
}

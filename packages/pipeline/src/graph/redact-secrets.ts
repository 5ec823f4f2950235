import { isJsonObject, type JsonValue, redactSecretReferences } from '@sluice/expressions'

/** Replaces secret references by what the author wrote, in every text of a value: the token stays private. */
export function redactSecrets(value: JsonValue): JsonValue {
  if (typeof value === 'string') return redactSecretReferences(value)
  if (Array.isArray(value)) return value.map((item: JsonValue) => redactSecrets(item))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactSecrets(item)]))
}

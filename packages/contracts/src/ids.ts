import { z } from 'zod'

/** Prefix of an entity's ids, and the entity it stands for. */
export const ID_PREFIXES = {
  acc: 'account',
  usr: 'user',
  ses: 'session',
  key: 'API key',
  sec: 'secret',
  cnr: 'connector',
  tok: 'delegate token',
  dlg: 'delegate',
  con: 'delegate connection',
  pip: 'pipeline',
  pex: 'pipeline execution',
  nod: 'node execution',
  tsk: 'delegate task',
  pod: 'pod',
  sch: 'DB schema',
  ins: 'DB instance',
  pln: 'plan',
  aud: 'audit event',
  req: 'request',
  msg: 'message',
  out: 'task output',
  rep: 'replica',
} as const
export type IdPrefix = keyof typeof ID_PREFIXES
export type Id<Prefix extends IdPrefix = IdPrefix> = `${Prefix}-${string}`

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * Makes an id such as `pex-01k9zq…`: a prefix, a dash and 26 characters of Crockford base32
 * (48 bits of milliseconds since 1970, then 80 random bits). Sortable by time, DNS-safe, 30 characters.
 */
export function newId<Prefix extends IdPrefix>(prefix: Prefix, now: number = Date.now()): Id<Prefix> {
  let time = ''
  let rest = now
  for (let index = 0; index < 10; index += 1) {
    time = (ALPHABET[rest % 32] ?? '0') + time
    rest = Math.floor(rest / 32)
  }
  let random = ''
  for (const byte of globalThis.crypto.getRandomValues(new Uint8Array(16))) random += ALPHABET[byte % 32] ?? '0'
  return `${prefix}-${time}${random}`
}

/** Epoch ms at which {@link newId} made an id; undefined where the text is no such id. */
export function idTime(id: string): number | undefined {
  const time = /^[a-z]{3}-([0-9a-hjkmnp-tv-z]{10})[0-9a-hjkmnp-tv-z]{16}$/.exec(id)?.[1]
  if (time === undefined) return undefined
  return time.split('').reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0)
}

/** Zod schema of an id with this prefix. */
export function idSchema<Prefix extends IdPrefix>(prefix: Prefix) {
  return z.custom<Id<Prefix>>(
    (value) => typeof value === 'string' && new RegExp(`^${prefix}-[0-9a-hjkmnp-tv-z]{26}$`).test(value),
    { message: `must be the id of a ${ID_PREFIXES[prefix]} (${prefix}-…)` },
  )
}

/** Identifier that people choose: immutable, unique in its scope. */
export const Identifier = z
  .string()
  .regex(
    /^[a-zA-Z_][0-9a-zA-Z_$]{0,127}$/,
    'must begin with a letter or _ and hold only letters, digits, _ and $ (128 characters at most)',
  )
export type Identifier = z.infer<typeof Identifier>

/** Reference to an entity from a scope below: `id`, `org.id` or `account.id`. */
export const Reference = z
  .string()
  .regex(
    /^(account\.|org\.)?[a-zA-Z_][0-9a-zA-Z_$]{0,127}$/,
    'must be an identifier, optionally after "org." or "account."',
  )
export type Reference = z.infer<typeof Reference>

/** Scope of an entity: account, organisation or project. */
export const Scope = z.object({
  accountId: z.string().min(1).max(64),
  orgIdentifier: Identifier.optional(),
  projectIdentifier: Identifier.optional(),
})
export type Scope = z.infer<typeof Scope>

/** A scope as sentences name it. */
export function describeScope(scope: Pick<Scope, 'orgIdentifier' | 'projectIdentifier'>): string {
  if (scope.projectIdentifier !== undefined) return `project "${scope.orgIdentifier}/${scope.projectIdentifier}"`
  return scope.orgIdentifier === undefined ? 'the account' : `organisation "${scope.orgIdentifier}"`
}

/** Name that people read; editable. */
export const EntityName = z.string().trim().min(1).max(128)
export const Tags = z
  .record(z.string().min(1).max(128), z.string().max(128))
  .refine((tags) => Object.keys(tags).length <= 128, {
    message: 'at most 128 tags',
  })
export const EpochMs = z.number().int().min(0).meta({ description: 'milliseconds since 1970-01-01 UTC' })

/**
 * Resolves a reference against the scope it is written in.
 * @returns the scope and identifier it points at: `account.x` drops org and project, `org.x` drops the project.
 */
export function resolveReference(reference: string, from: Scope): { scope: Scope; identifier: string } {
  if (reference.startsWith('account.')) return { scope: { accountId: from.accountId }, identifier: reference.slice(8) }
  if (reference.startsWith('org.')) {
    return { scope: { accountId: from.accountId, orgIdentifier: from.orgIdentifier }, identifier: reference.slice(4) }
  }
  return { scope: from, identifier: reference }
}

/** Canonical text of a scope, used in keys and in the AAD of envelopes: `acc/org/project` with empty parts kept. */
export function scopeKey(scope: Scope): string {
  return `${scope.accountId}/${scope.orgIdentifier ?? ''}/${scope.projectIdentifier ?? ''}`
}

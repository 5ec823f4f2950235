import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { AppError } from '@sluice/contracts/errors'
import { z } from 'zod'

/**
 * Envelope encryption: each value has its own random data key (AES-256-GCM), and the data key is wrapped by a
 * key-encryption key of the account, which never leaves its provider.
 */

const Base64Url = z.string().regex(/^[A-Za-z0-9_-]*$/, 'must be base64url without padding')

/** A stored value. `version` is the secret's own version and part of what is authenticated. */
export const EncryptedRecord = z.object({
  /** Key-encryption key, as its provider names it. */
  keyId: z.string().min(1).max(256),
  wrappedDataKey: Base64Url.max(4_096),
  iv: Base64Url.max(64),
  /** A value has at most 65,536 characters, so 262,144 here. */
  ciphertext: Base64Url.max(300_000),
  tag: Base64Url.max(64),
  version: z.number().int().min(1),
})
export type EncryptedRecord = z.infer<typeof EncryptedRecord>

/** What a value is bound to: moved to another row, it can't be opened. */
export interface SecretAddress {
  accountId: string
  /** `scopeKey` of the contracts. */
  scope: string
  /** Secret id. */
  id: string
  version: number
}

export interface WrappedKey {
  keyId: string
  /** base64url */
  wrappedDataKey: string
}

/**
 * Holder of the key-encryption keys: a local key file, a KMS, or a key held by the customer's delegate.
 *
 * Lifecycle: `wrap` uses the account's current key; keys of earlier versions stay usable in `unwrap` until every
 * record was wrapped again. Concurrency: calls may overlap. Errors: AppError SECRET_NOT_OPENED when the key is gone or
 * the context differs; SERVICE_UNAVAILABLE when the provider can't be reached.
 */
export interface KekProvider {
  /** @param input.context authenticated with the key: the same text must be given to `unwrap` */
  wrap(input: { accountId: string; context: string; dataKey: Uint8Array }): Promise<WrappedKey>
  unwrap(input: { accountId: string; context: string } & WrappedKey): Promise<Uint8Array>
}

const ALGORITHM = 'aes-256-gcm'
const DATA_KEY_BYTES = 32
/** 96 bits, as NIST SP 800-38D recommends; a data key encrypts one value, so an IV never repeats. */
const IV_BYTES = 12
const TAG_BYTES = 16

/** Parts of AES-256-GCM in base64url. */
export type SealedText = Pick<EncryptedRecord, 'iv' | 'ciphertext' | 'tag'>

/** Encrypts a value with a new data key. */
export async function encryptSecret(
  provider: KekProvider,
  address: SecretAddress,
  value: string,
): Promise<EncryptedRecord> {
  const dataKey = randomBytes(DATA_KEY_BYTES)
  const context = contextOf(address)
  const sealed = encryptBytes(dataKey, Buffer.from(value, 'utf8'), context)
  const wrapped = await provider.wrap({ accountId: address.accountId, context, dataKey })
  dataKey.fill(0)
  return { ...wrapped, ...sealed, version: address.version }
}

/**
 * The value of a record. For places that may see values; delegate-service only unwraps data keys.
 * @throws AppError SECRET_NOT_OPENED
 */
export async function decryptSecret(
  provider: KekProvider,
  address: SecretAddress,
  record: EncryptedRecord,
): Promise<string> {
  const dataKey = await unwrapDataKey(provider, address, record)
  return decryptWithDataKey(dataKey, address, record)
}

/**
 * The data key of a record: 32 bytes, to be sealed to a delegate.
 * @throws AppError SECRET_NOT_OPENED
 */
export async function unwrapDataKey(
  provider: KekProvider,
  address: SecretAddress,
  record: Pick<EncryptedRecord, 'keyId' | 'wrappedDataKey'>,
): Promise<Uint8Array> {
  const { keyId, wrappedDataKey } = record
  return provider.unwrap({ accountId: address.accountId, context: contextOf(address), keyId, wrappedDataKey })
}

/**
 * The value, on the delegate that was given the data key.
 * @throws AppError SECRET_NOT_OPENED when the record belongs to another secret, version or scope, or was changed
 */
export function decryptWithDataKey(dataKey: Uint8Array, address: SecretAddress, sealed: SealedText): string {
  const opened = decryptBytes(dataKey, sealed, contextOf(address))
  if (opened === undefined) {
    throw new AppError(
      'SECRET_NOT_OPENED',
      `Version ${address.version} of secret "${address.id}" can't be decrypted: the stored record was changed or belongs elsewhere. Store the secret again.`,
    )
  }
  return opened.toString('utf8')
}

/** The same value with its data key wrapped by the account's current key: for rotation without downtime. */
export async function rewrapSecret(
  provider: KekProvider,
  address: SecretAddress,
  record: EncryptedRecord,
): Promise<EncryptedRecord> {
  const dataKey = await unwrapDataKey(provider, address, record)
  const wrapped = await provider.wrap({ accountId: address.accountId, context: contextOf(address), dataKey })
  return { ...record, ...wrapped }
}

/** AES-256-GCM with a random IV; also what local providers wrap data keys with. */
export function encryptBytes(key: Uint8Array, plain: Uint8Array, context: string): SealedText {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(context, 'utf8'))
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()])
  return {
    iv: iv.toString('base64url'),
    ciphertext: ciphertext.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
  }
}

/** Inverse of {@link encryptBytes}; undefined when key, context or any bit differs. */
export function decryptBytes(key: Uint8Array, sealed: SealedText, context: string): Buffer | undefined {
  const iv = Buffer.from(sealed.iv, 'base64url')
  const tag = Buffer.from(sealed.tag, 'base64url')
  if (iv.byteLength !== IV_BYTES || tag.byteLength !== TAG_BYTES || key.byteLength !== DATA_KEY_BYTES) return undefined
  const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context, 'utf8'))
  decipher.setAuthTag(tag)
  try {
    return Buffer.concat([decipher.update(Buffer.from(sealed.ciphertext, 'base64url')), decipher.final()])
  } catch {
    return undefined
  }
}

/** Additional authenticated data. JSON, so that no two addresses give one text. */
function contextOf(address: SecretAddress): string {
  return JSON.stringify(['sluice secret v1', address.accountId, address.scope, address.id, address.version])
}

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { AppError } from '@sluice/contracts/errors'
import { z } from 'zod'

/**
 * HPKE (RFC 9180, base mode, X25519 / HKDF-SHA-256 / AES-256-GCM) of data keys to a delegate's sealing key.
 * Section 8 of `docs/protocol/delegate.md` is the contract.
 */

const Base64Url = z.string().regex(/^[A-Za-z0-9_-]*$/, 'must be base64url without padding')

/** A data key that only the delegate it was sealed to can open. */
export const SealedKey = z.object({ enc: Base64Url.max(256), ciphertext: Base64Url.max(1_024) })
export type SealedKey = z.infer<typeof SealedKey>

/** What a sealed key is bound to: it opens as this secret of this task only. */
export interface SealContext {
  taskId: string
  secretId: string
  version: number
}

const INFO = new TextEncoder().encode('sluice secret.open v1')

const suite = () => new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })

/** A new X25519 key pair: base64url of the raw 32 bytes each. */
export async function generateSealingKeys(): Promise<{ publicKey: string; privateKey: string }> {
  const { kem } = suite()
  const pair = await kem.generateKeyPair()
  const [publicKey, privateKey] = await Promise.all([
    kem.serializePublicKey(pair.publicKey),
    kem.serializePrivateKey(pair.privateKey),
  ])
  return { publicKey: encode(publicKey), privateKey: encode(privateKey) }
}

/**
 * Seals a data key to a delegate.
 * @param recipientPublicKey base64url of the raw X25519 key the delegate enrolled
 * @throws AppError SECRET_NOT_OPENED when that is no X25519 key
 */
export async function sealDataKey(
  dataKey: Uint8Array,
  recipientPublicKey: string,
  context: SealContext,
): Promise<SealedKey> {
  const hpke = suite()
  try {
    const recipient = await hpke.kem.deserializePublicKey(decode(recipientPublicKey))
    const sealed = await hpke.seal({ recipientPublicKey: recipient, info: INFO }, copy(dataKey), aadOf(context))
    return { enc: encode(sealed.enc), ciphertext: encode(sealed.ct) }
  } catch (error) {
    throw new AppError(
      'SECRET_NOT_OPENED',
      `Secret "${context.secretId}" can't be sealed to the delegate: its sealing key is not valid. Enrol the delegate again.`,
      { cause: error },
    )
  }
}

/**
 * Opens a data key on the delegate.
 * @throws AppError SECRET_NOT_OPENED when it was sealed to another key, task, secret or version
 */
export async function openDataKey(
  sealed: SealedKey,
  recipientPrivateKey: string,
  context: SealContext,
): Promise<Uint8Array> {
  const hpke = suite()
  try {
    const recipientKey = await hpke.kem.deserializePrivateKey(decode(recipientPrivateKey))
    const opened = await hpke.open(
      { recipientKey, enc: decode(sealed.enc), info: INFO },
      decode(sealed.ciphertext),
      aadOf(context),
    )
    return new Uint8Array(opened)
  } catch (error) {
    throw new AppError(
      'SECRET_NOT_OPENED',
      `The key of secret "${context.secretId}" was not sealed to this delegate and task "${context.taskId}". Run the step again; if it stays, enrol the delegate again.`,
      { cause: error },
    )
  }
}

function aadOf(context: SealContext): ArrayBuffer {
  return copy(new TextEncoder().encode(JSON.stringify([context.taskId, context.secretId, context.version])))
}

function encode(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('base64url')
}

function decode(text: string): ArrayBuffer {
  return copy(Buffer.from(text, 'base64url'))
}

/** WebCrypto wants a buffer of its own; a Buffer is often a window into a pool. */
function copy(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto'
import { AppError } from '@sluice/contracts/errors'
import { SignJWT, jwtVerify, errors as joseErrors, type JWTPayload } from 'jose'
import { z } from 'zod'

/** Identity of delegates: tokens, enrolment and the handshake's signature (sections 2 and 4 of the specification). */

const NamePart = /^[A-Za-z0-9_-]{1,64}$/
const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url')
const KeyPair = z.object({ publicKey: PublicKey, privateKey: PublicKey })

/** Both key pairs of a delegate: base64url of the raw 32 bytes. Kept in a file of mode 0600, never sent. */
export const DelegateKeys = z.object({
  /** Ed25519: signs enrolment and handshakes. */
  identity: KeyPair,
  /** X25519: data keys of secrets are sealed to it. */
  sealing: KeyPair,
})
export type DelegateKeys = z.infer<typeof DelegateKeys>

export const OwnerScope = z.object({
  orgIdentifier: z.string().min(1).max(128).optional(),
  projectIdentifier: z.string().min(1).max(128).optional(),
})
export type OwnerScope = z.infer<typeof OwnerScope>

export const EnrolmentClaims = z.object({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1-64 letters, digits, ".", "_" or "-"'),
  tags: z.array(z.string().min(1).max(128)).max(64),
  scope: OwnerScope,
  delegateVersion: z.string().max(64),
})
export type EnrolmentClaims = z.infer<typeof EnrolmentClaims>

/** Body of `POST /delegate-service/enrol`. Account and token id say which public key to check with. */
export const EnrolmentRequest = z.object({
  v: z.literal(1),
  accountId: z.string().regex(NamePart),
  tokenId: z.string().regex(NamePart),
  enrolment: z.string().max(16_384),
  possession: z.string().max(4_096),
})
export type EnrolmentRequest = z.infer<typeof EnrolmentRequest>

export const EnrolmentResponse = z.object({
  delegateId: z.string().min(1).max(64),
  name: z.string(),
  tags: z.array(z.string()),
  droppedTags: z.array(z.string()),
  scope: OwnerScope,
  state: z.enum(['enrolled', 'awaitingApproval']),
})
export type EnrolmentResponse = z.infer<typeof EnrolmentResponse>

export interface ParsedToken {
  accountId: string
  tokenId: string
  /** 32 bytes. */
  seed: Uint8Array
}

/** Lifetimes in seconds. An enrolment is sent by hand-made machines, so a clock may be off by minutes. */
const ENROLMENT_LIFETIME_S = 300
const HELLO_LIFETIME_S = 60
const ENROLMENT_CLOCK_TOLERANCE_S = 300

/** DER headers before the raw 32 bytes (RFC 8410): node:crypto imports no raw keys. */
const DER = {
  ed25519Private: Buffer.from('302e020100300506032b657004220420', 'hex'),
  ed25519Public: Buffer.from('302a300506032b6570032100', 'hex'),
} as const

/** Who a delegate's JWTs are meant for. */
export function delegateAudience(accountId: string): string {
  return `sluice:delegate-service:${accountId}`
}

/**
 * Makes a delegate token. Show `token` once and store only `publicKey`.
 * @param seed 32 bytes; random unless given
 * @throws AppError INVALID_REQUEST for an account or token id that a token can't hold
 */
export function mintDelegateToken(options: { accountId: string; tokenId: string; seed?: Uint8Array }): {
  token: string
  publicKey: string
} {
  const { accountId, tokenId, seed = randomBytes(32) } = options
  for (const part of [accountId, tokenId]) {
    if (!NamePart.test(part)) {
      throw new AppError(
        'INVALID_REQUEST',
        `"${part}" can't be part of a delegate token: use letters, digits, "_", "-".`,
      )
    }
  }
  return {
    token: `dlt.${accountId}.${tokenId}.${Buffer.from(seed).toString('base64url')}`,
    publicKey: deriveTokenKey(seed).publicKey,
  }
}

/** @throws AppError DELEGATE_TOKEN_INVALID; the message never quotes the seed */
export function parseDelegateToken(text: string): ParsedToken {
  const [prefix, accountId = '', tokenId = '', seedText = '', ...rest] = text.trim().split('.')
  const seed = Buffer.from(seedText, 'base64url')
  const wellFormed =
    prefix === 'dlt' &&
    rest.length === 0 &&
    NamePart.test(accountId) &&
    NamePart.test(tokenId) &&
    seed.byteLength === 32 &&
    seed.toString('base64url') === seedText
  if (!wellFormed) {
    throw new AppError(
      'DELEGATE_TOKEN_INVALID',
      'The delegate token is not of the form "dlt.<account>.<token>.<seed>". Copy it again, whole, or make a new one.',
    )
  }
  return { accountId, tokenId, seed }
}

/** The token's Ed25519 key. `publicKey` is what the control plane stores. */
export function deriveTokenKey(seed: Uint8Array): { privateKey: KeyObject; publicKey: string } {
  const raw = Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(0), 'sluice delegate token v1', 32))
  const privateKey = importIdentityPrivate(raw)
  return { privateKey, publicKey: rawPublic(createPublicKey(privateKey)) }
}

/** Two new key pairs for a delegate. */
export function generateDelegateKeys(): DelegateKeys {
  return { identity: exportPair(generateKeyPairSync('ed25519')), sealing: exportPair(generateKeyPairSync('x25519')) }
}

/** RFC 7638 thumbprint (SHA-256, base64url) of a raw public key. */
export function keyThumbprint(publicKey: string, curve: 'Ed25519' | 'X25519'): string {
  // The members in the order that the RFC demands.
  return createHash('sha256')
    .update(JSON.stringify({ crv: curve, kty: 'OKP', x: publicKey }))
    .digest('base64url')
}

/** A fresh nonce for a challenge: 32 random bytes in base64url. */
export function newNonce(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * Signs the enrolment of a delegate's new keys with its token.
 * @param options.now milliseconds since 1970
 * @throws AppError DELEGATE_TOKEN_INVALID
 */
export async function signEnrolment(options: {
  token: string
  claims: EnrolmentClaims
  keys: DelegateKeys
  now: number
}): Promise<EnrolmentRequest> {
  const { accountId, tokenId, seed } = parseDelegateToken(options.token)
  const { keys, now } = options
  const enrolment = await signed(
    { ...options.claims, identityKey: keys.identity.publicKey, sealingKey: keys.sealing.publicKey },
    { issuer: tokenId, accountId, now, lifetimeS: ENROLMENT_LIFETIME_S, key: deriveTokenKey(seed).privateKey },
  )
  const possession = await signed(
    { enrolmentHash: hashOf(enrolment) },
    {
      issuer: keyThumbprint(keys.identity.publicKey, 'Ed25519'),
      accountId,
      now,
      lifetimeS: ENROLMENT_LIFETIME_S,
      key: importIdentityPrivate(Buffer.from(keys.identity.privateKey, 'base64url')),
    },
  )
  return { v: 1, accountId, tokenId, enrolment, possession }
}

export interface VerifiedEnrolment extends EnrolmentClaims {
  accountId: string
  tokenId: string
  identityKey: string
  sealingKey: string
}

/**
 * Checks an enrolment request with the token's stored public key.
 * @param options.now milliseconds since 1970
 * @throws AppError INVALID_TOKEN with the reason, INVALID_REQUEST for claims that don't fit
 */
export async function verifyEnrolment(options: {
  request: EnrolmentRequest
  tokenPublicKey: string
  now: number
}): Promise<VerifiedEnrolment> {
  const { request, now } = options
  const what = 'enrolment request'
  const checks = { accountId: request.accountId, now, toleranceS: ENROLMENT_CLOCK_TOLERANCE_S, what }
  const payload = await verified(request.enrolment, { ...checks, key: options.tokenPublicKey, issuer: request.tokenId })
  const claims = EnrolmentClaims.extend({ identityKey: PublicKey, sealingKey: PublicKey }).safeParse(payload)
  if (!claims.success) {
    const issue = claims.error.issues[0]
    throw new AppError('INVALID_REQUEST', `The enrolment is not valid: "${issue?.path.join('.')}" ${issue?.message}.`)
  }
  const possession = await verified(request.possession, {
    ...checks,
    key: claims.data.identityKey,
    issuer: keyThumbprint(claims.data.identityKey, 'Ed25519'),
  })
  if (possession['enrolmentHash'] !== hashOf(request.enrolment)) {
    throw new AppError('INVALID_TOKEN', 'The enrolment request proves possession for another enrolment. Enrol again.')
  }
  return { ...claims.data, accountId: request.accountId, tokenId: request.tokenId }
}

/** JWT of `hello`. `serverTimeMs` is the challenge's, so that a wrong clock of the delegate can't lock it out. */
export async function signHello(options: {
  accountId: string
  delegateId: string
  keys: DelegateKeys
  nonce: string
  serverTimeMs: number
}): Promise<string> {
  const { accountId, delegateId, keys, nonce, serverTimeMs } = options
  return signed(
    { sub: delegateId, nonce, sealingKeyThumbprint: keyThumbprint(keys.sealing.publicKey, 'X25519') },
    {
      issuer: delegateId,
      accountId,
      now: serverTimeMs,
      lifetimeS: HELLO_LIFETIME_S,
      key: importIdentityPrivate(Buffer.from(keys.identity.privateKey, 'base64url')),
    },
  )
}

/**
 * Checks the JWT of `hello` against the enrolled keys and the challenge's nonce.
 * @throws AppError INVALID_TOKEN with the reason
 */
export async function verifyHello(options: {
  token: string
  accountId: string
  delegateId: string
  /** Enrolled public keys. */
  identityKey: string
  sealingKey: string
  nonce: string
  now: number
}): Promise<void> {
  const { accountId, delegateId, now } = options
  const payload = await verified(options.token, {
    key: options.identityKey,
    issuer: delegateId,
    accountId,
    now,
    // The delegate signed with this server's own time; only the network lies between.
    toleranceS: 0,
    what: 'handshake',
  })
  const refuse = (reason: string) =>
    new AppError('INVALID_TOKEN', `The handshake of delegate "${delegateId}" was refused: ${reason}.`)
  if (payload.sub !== delegateId) throw refuse('it is signed for another delegate')
  if (payload['nonce'] !== options.nonce) throw refuse('its nonce is not the one of this connection')
  if ((payload.exp ?? 0) - (payload.iat ?? 0) > HELLO_LIFETIME_S) throw refuse('it lives too long')
  if (payload['sealingKeyThumbprint'] !== keyThumbprint(options.sealingKey, 'X25519')) {
    throw refuse('its sealing key is not the enrolled one; enrol the delegate again')
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function importIdentityPrivate(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([DER.ed25519Private, raw]), format: 'der', type: 'pkcs8' })
}

function importIdentityPublic(publicKey: string): KeyObject {
  const raw = Buffer.from(publicKey, 'base64url')
  return createPublicKey({ key: Buffer.concat([DER.ed25519Public, raw]), format: 'der', type: 'spki' })
}

function rawPublic(key: KeyObject): string {
  // Both curves have a header of 12 bytes before the raw key.
  return key.export({ format: 'der', type: 'spki' }).subarray(12).toString('base64url')
}

function exportPair(pair: { publicKey: KeyObject; privateKey: KeyObject }): { publicKey: string; privateKey: string } {
  const raw = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(16)
  return { publicKey: rawPublic(pair.publicKey), privateKey: raw.toString('base64url') }
}

async function signed(
  claims: JWTPayload,
  options: { issuer: string; accountId: string; now: number; lifetimeS: number; key: KeyObject },
): Promise<string> {
  const issuedAt = Math.floor(options.now / 1000)
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .setIssuer(options.issuer)
    .setAudience(delegateAudience(options.accountId))
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + options.lifetimeS)
    .sign(options.key)
}

async function verified(
  token: string,
  options: { key: string; issuer: string; accountId: string; now: number; toleranceS: number; what: string },
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, importIdentityPublic(options.key), {
      algorithms: ['EdDSA'],
      issuer: options.issuer,
      audience: delegateAudience(options.accountId),
      currentDate: new Date(options.now),
      clockTolerance: options.toleranceS,
      requiredClaims: ['iat', 'exp'],
    })
    return payload
  } catch (error) {
    throw new AppError('INVALID_TOKEN', `The ${options.what} was refused: ${reasonOf(error)}.`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof joseErrors.JWTExpired) return 'it has expired; check the clock of the delegate'
  if (error instanceof joseErrors.JWTClaimValidationFailed) return `its claim "${error.claim}" is not the expected one`
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) return 'its signature does not match the key'
  return 'it is not a signed token of the expected form'
}

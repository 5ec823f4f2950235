import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { intersectEnrolment, type TokenGrant } from './enrolment.ts'
import {
  deriveTokenKey,
  generateDelegateKeys,
  keyThumbprint,
  mintDelegateToken,
  newNonce,
  parseDelegateToken,
  signEnrolment,
  signHello,
  verifyEnrolment,
  verifyHello,
} from './tokens.ts'

const now = 1_760_000_000_000
const minted = mintDelegateToken({ accountId: 'acc-1', tokenId: 'tok-1' })
const keys = generateDelegateKeys()
const claims = { name: 'laptop', tags: ['linux'], scope: { orgIdentifier: 'shop' }, delegateVersion: '0.1.0' }
const invalidToken = (reason: RegExp) =>
  expect.objectContaining({ code: 'INVALID_TOKEN', message: expect.stringMatching(reason) })

describe('delegate tokens', () => {
  it('are read back, and give the public key that was stored', () => {
    const { accountId, tokenId, seed } = parseDelegateToken(` ${minted.token}\n`)
    expect({ accountId, tokenId }).toEqual({ accountId: 'acc-1', tokenId: 'tok-1' })
    expect(deriveTokenKey(seed).publicKey).toBe(minted.publicKey)
    expect(minted.token).not.toContain(minted.publicKey)
  })

  it('have one key for a seed, so that any implementation finds the same', () => {
    const { publicKey } = mintDelegateToken({ accountId: 'a', tokenId: 't', seed: new Uint8Array(32) })
    expect(publicKey).toBe(deriveTokenKey(new Uint8Array(32)).publicKey)
    expect(Buffer.from(publicKey, 'base64url')).toHaveLength(32)
  })

  it('that are not whole are refused without quoting the seed', () => {
    const seed = minted.token.split('.')[3] ?? ''
    for (const text of ['', 'dlt.a.b', `${minted.token}.x`, minted.token.slice(0, -1), `pat.acc-1.tok-1.${seed}`]) {
      const attempt = () => parseDelegateToken(text)
      expect(attempt).toThrow(expect.objectContaining({ code: 'DELEGATE_TOKEN_INVALID' }))
      expect(attempt).not.toThrow(seed)
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseDelegateToken(text)).toThrow(/not of the form/)
      }),
    )
  })

  it('refuse ids that would break their form', () => {
    expect(() => mintDelegateToken({ accountId: 'a.b', tokenId: 't' })).toThrow(/"a.b"/)
  })
})

describe('enrolment', () => {
  it('gives the claims and the new public keys to who holds the token’s public key', async () => {
    const request = await signEnrolment({ token: minted.token, claims, keys, now })
    expect(await verifyEnrolment({ request, tokenPublicKey: minted.publicKey, now })).toEqual({
      ...claims,
      accountId: 'acc-1',
      tokenId: 'tok-1',
      identityKey: keys.identity.publicKey,
      sealingKey: keys.sealing.publicKey,
    })
    expect(JSON.stringify(request)).not.toContain(keys.identity.privateKey)
  })

  it('is refused with another token’s key, another account, late, or with a foreign proof of possession', async () => {
    const request = await signEnrolment({ token: minted.token, claims, keys, now })
    const verify = (change: Partial<typeof request>, at = now, tokenPublicKey = minted.publicKey) =>
      verifyEnrolment({ request: { ...request, ...change }, tokenPublicKey, now: at })
    const other = mintDelegateToken({ accountId: 'acc-1', tokenId: 'tok-2' })
    await expect(verify({}, now, other.publicKey)).rejects.toThrow(invalidToken(/signature/))
    await expect(verify({ accountId: 'acc-2' })).rejects.toThrow(invalidToken(/"aud"/))
    await expect(verify({ tokenId: 'tok-2' })).rejects.toThrow(invalidToken(/"iss"/))
    await expect(verify({}, now + 601_000)).rejects.toThrow(invalidToken(/expired.*clock/))
    const thief = await signEnrolment({ token: minted.token, claims, keys: generateDelegateKeys(), now })
    await expect(verify({ possession: thief.possession })).rejects.toThrow(invalidToken(/./))
    const again = await signEnrolment({ token: minted.token, claims: { ...claims, name: 'x' }, keys, now })
    await expect(verify({ possession: again.possession })).rejects.toThrow(/another enrolment/)
    await expect(verify({ enrolment: 'nonsense' })).rejects.toThrow(invalidToken(/not a signed token/))
  })

  const grant: TokenGrant = { scope: {}, namePattern: 'lap*p', allowedTags: ['linux'] }
  it('never gives more than the token allows', () => {
    expect(intersectEnrolment(grant, { ...claims, tags: ['linux', 'root', 'linux'] })).toEqual({
      ok: true,
      name: 'laptop',
      tags: ['linux'],
      droppedTags: ['root'],
      scope: { orgIdentifier: 'shop' },
    })
    expect(intersectEnrolment(grant, { ...claims, name: 'desktop' })).toMatchObject({ ok: false })
    const shop = { ...grant, scope: { orgIdentifier: 'shop', projectIdentifier: 'web' } }
    expect(intersectEnrolment(shop, { ...claims, scope: {} })).toMatchObject({ ok: true, scope: shop.scope })
    expect(intersectEnrolment(shop, { ...claims, scope: { orgIdentifier: 'bank' } })).toMatchObject({
      ok: false,
      message: expect.stringContaining('organisation "bank"'),
    })
  })

  it('matches name patterns as a person reads them', () => {
    const matches = (namePattern: string, name: string) =>
      intersectEnrolment({ ...grant, namePattern }, { ...claims, name }).ok
    expect(matches('*', 'anything')).toBe(true)
    expect(matches('a*b*c', 'a-b-b-c')).toBe(true)
    expect(matches('a*b*c', 'a-c-b')).toBe(false)
    expect(matches('ab*ba', 'aba')).toBe(false)
    expect(matches('a.c', 'abc')).toBe(false)
    expect(matches('abc', 'abcd')).toBe(false)
  })
})

describe('handshake', () => {
  const nonce = newNonce()
  const enrolled = {
    accountId: 'acc-1',
    delegateId: 'dlg-1',
    identityKey: keys.identity.publicKey,
    sealingKey: keys.sealing.publicKey,
    nonce,
  }

  it('is taken from the enrolled keys for this nonce, within 60 s', async () => {
    const token = await signHello({ accountId: 'acc-1', delegateId: 'dlg-1', keys, nonce, serverTimeMs: now })
    await expect(verifyHello({ ...enrolled, token, now: now + 59_000 })).resolves.toBeUndefined()
  })

  it('is refused for another nonce, delegate, account, key or sealing key, and after 60 s', async () => {
    const token = await signHello({ accountId: 'acc-1', delegateId: 'dlg-1', keys, nonce, serverTimeMs: now })
    const verify = (change: object, at = now) => verifyHello({ ...enrolled, token, now: at, ...change })
    await expect(verify({ nonce: newNonce() })).rejects.toThrow(invalidToken(/nonce/))
    await expect(verify({ delegateId: 'dlg-2' })).rejects.toThrow(invalidToken(/"iss"/))
    await expect(verify({ accountId: 'acc-2' })).rejects.toThrow(invalidToken(/"aud"/))
    await expect(verify({ identityKey: minted.publicKey })).rejects.toThrow(invalidToken(/signature/))
    const sealingKey = generateDelegateKeys().sealing.publicKey
    await expect(verify({ sealingKey })).rejects.toThrow(invalidToken(/sealing key/))
    await expect(verify({}, now + 61_000)).rejects.toThrow(invalidToken(/expired/))
    await expect(verify({ token: token.slice(0, -4) })).rejects.toThrow(invalidToken(/./))
  })

  it('uses the thumbprint of RFC 7638 (the example key of RFC 8037, appendix A.3)', () => {
    expect(keyThumbprint('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', 'Ed25519')).toBe(
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    )
  })
})

import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  decryptSecret,
  decryptWithDataKey,
  EncryptedRecord,
  encryptSecret,
  rewrapSecret,
  unwrapDataKey,
  type SecretAddress,
} from './envelope.ts'
import { LocalKeyFileProvider } from './local-key-file.ts'

const address: SecretAddress = { accountId: 'acc-1', scope: 'acc-1/org/', id: 'sec-1', version: 3 }
const notOpened = expect.objectContaining({ code: 'SECRET_NOT_OPENED' })

const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)

describe('envelopes with a local key file', () => {
  let folder: string
  let provider: LocalKeyFileProvider
  const path = (name: string) => join(folder, name)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
    provider = await LocalKeyFileProvider.open(path('keys'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('gives back any value, and the record passes its schema', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (value) => {
        const record = EncryptedRecord.parse(JSON.parse(JSON.stringify(await encryptSecret(provider, address, value))))
        expect(await decryptSecret(provider, address, record)).toBe(value)
      }),
      { numRuns: 50 },
    )
  })

  it('never gives the same record twice, and no record holds the value', async () => {
    const [first, second] = await Promise.all([
      encryptSecret(provider, address, 'canary-value'),
      encryptSecret(provider, address, 'canary-value'),
    ])
    expect(first.ciphertext).not.toBe(second.ciphertext)
    expect(first.wrappedDataKey).not.toBe(second.wrappedDataKey)
    expect(JSON.stringify(first)).not.toContain('canary')
  })

  it.each<[string, Partial<SecretAddress>]>([
    ['account', { accountId: 'acc-2' }],
    ['scope', { scope: 'acc-1//' }],
    ['secret', { id: 'sec-2' }],
    ['version', { version: 4 }],
  ])('opens a record only for its own %s', async (_, other) => {
    const record = await encryptSecret(provider, address, 'value')
    await expect(decryptSecret(provider, { ...address, ...other }, record)).rejects.toThrow(notOpened)
    const dataKey = await unwrapDataKey(provider, address, record)
    expect(() => decryptWithDataKey(dataKey, { ...address, ...other }, record)).toThrow(notOpened)
  })

  it('refuses a record in which anything was changed', async () => {
    const record = await encryptSecret(provider, address, 'value')
    for (const field of ['wrappedDataKey', 'iv', 'ciphertext', 'tag'] as const) {
      const changed = { ...record, [field]: flip(record[field]) }
      await expect(decryptSecret(provider, address, changed)).rejects.toThrow(notOpened)
      await expect(decryptSecret(provider, address, { ...record, [field]: '' })).rejects.toThrow(notOpened)
    }
  })

  it('creates the file for its owner only, and leaves nothing else behind', async () => {
    const own = await mkdtemp(join(folder, 'own-'))
    await LocalKeyFileProvider.open(join(own, 'keys'))
    expect((await stat(join(own, 'keys'))).mode & 0o777).toBe(0o600)
    expect(await readdir(own)).toEqual(['keys'])
  })

  it('gives processes that open a missing file at once the same keys', async () => {
    const providers = await Promise.all(Array.from({ length: 8 }, () => LocalKeyFileProvider.open(path('raced'))))
    for (const writer of providers) {
      const record = await encryptSecret(writer, address, 'value')
      for (const reader of providers) expect(await decryptSecret(reader, address, record)).toBe('value')
    }
  })

  it('refuses a file that others may read, and one that is no key file', async () => {
    await LocalKeyFileProvider.open(path('open'))
    await chmod(path('open'), 0o644)
    await expect(LocalKeyFileProvider.open(path('open'))).rejects.toThrow(/chmod 600/)
    await writeFile(path('broken'), '{"v":1}', { mode: 0o600 })
    await expect(LocalKeyFileProvider.open(path('broken'))).rejects.toThrow(/is not a key file/)
  })

  it('rotates without downtime: old records stay readable, also in a process that opened the file before', async () => {
    const writer = await LocalKeyFileProvider.open(path('rotating'))
    const reader = await LocalKeyFileProvider.open(path('rotating'))
    const before = await encryptSecret(writer, address, 'value')
    expect(await writer.rotate()).toBe('local:k2')
    const after = await encryptSecret(writer, address, 'value')
    expect([before.keyId, after.keyId]).toEqual(['local:k1', 'local:k2'])
    expect(await decryptSecret(writer, address, before)).toBe('value')
    expect(await decryptSecret(reader, address, after)).toBe('value')
    const rewrapped = await rewrapSecret(writer, address, before)
    expect(rewrapped).toMatchObject({ keyId: 'local:k2', ciphertext: before.ciphertext })
    expect(await decryptSecret(reader, address, rewrapped)).toBe('value')
  })

  it('names a key that the file does not hold', async () => {
    const record = await encryptSecret(provider, address, 'value')
    await expect(decryptSecret(provider, address, { ...record, keyId: 'local:k9' })).rejects.toThrow(/"local:k9"/)
    await expect(decryptSecret(provider, address, { ...record, keyId: 'kms:x' })).rejects.toThrow(notOpened)
  })

  it('keeps no account key and no value in the file', async () => {
    await encryptSecret(provider, address, 'canary-value')
    const text = await readFile(path('keys'), 'utf8')
    expect(text).not.toContain('acc-1')
    expect(text).not.toContain('canary')
  })
})

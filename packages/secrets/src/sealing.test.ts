import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { generateSealingKeys, openDataKey, sealDataKey, SealedKey } from './sealing.ts'

const context = { taskId: 'tsk-1', secretId: 'sec-1', version: 2 }
const notOpened = expect.objectContaining({ code: 'SECRET_NOT_OPENED' })

describe('sealing of data keys', () => {
  it('opens on the delegate it was sealed to', async () => {
    const keys = await generateSealingKeys()
    const dataKey = new Uint8Array(randomBytes(32))
    const sealed = SealedKey.parse(await sealDataKey(dataKey, keys.publicKey, context))
    expect(await openDataKey(sealed, keys.privateKey, context)).toEqual(dataKey)
    expect(JSON.stringify(sealed)).not.toContain(Buffer.from(dataKey).toString('base64url'))
  })

  it('opens for no other delegate, task, secret or version, and not when changed', async () => {
    const keys = await generateSealingKeys()
    const other = await generateSealingKeys()
    const sealed = await sealDataKey(randomBytes(32), keys.publicKey, context)
    await expect(openDataKey(sealed, other.privateKey, context)).rejects.toThrow(notOpened)
    for (const changed of [{ taskId: 'tsk-2' }, { secretId: 'sec-2' }, { version: 3 }]) {
      await expect(openDataKey(sealed, keys.privateKey, { ...context, ...changed })).rejects.toThrow(notOpened)
    }
    const ciphertext = (sealed.ciphertext.startsWith('A') ? 'B' : 'A') + sealed.ciphertext.slice(1)
    await expect(openDataKey({ ...sealed, ciphertext }, keys.privateKey, context)).rejects.toThrow(notOpened)
  })

  it('says so when the sealing key is not a key', async () => {
    await expect(sealDataKey(randomBytes(32), 'short', context)).rejects.toThrow(notOpened)
  })
})

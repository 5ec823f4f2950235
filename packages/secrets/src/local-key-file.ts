import { hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { link, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { AppError } from '@sluice/contracts/errors'
import { z } from 'zod'
import { decryptBytes, encryptBytes, type KekProvider, type WrappedKey } from './envelope.ts'

const KeyFile = z.object({
  v: z.literal(1),
  current: z.string(),
  /** Master keys by version, base64url of 32 bytes. Account keys are derived, never stored. */
  keys: z.record(z.string().regex(/^k[0-9]+$/), z.string().regex(/^[A-Za-z0-9_-]{43}$/)),
})
type KeyFile = z.infer<typeof KeyFile>

const PREFIX = 'local:'

/**
 * Key-encryption keys from a file of mode 0600: one master key per version, and from it one key per account
 * (HKDF-SHA-256). The file is created where it is missing; several processes may open it at once, and one that is
 * asked for a version it doesn't know reads the file again. Losing the file loses every built-in secret.
 */
export class LocalKeyFileProvider implements KekProvider {
  readonly #path: string
  #file: KeyFile

  private constructor(path: string, file: KeyFile) {
    this.#path = path
    this.#file = file
  }

  /**
   * Opens the key file, creating it (mode 0600) where there is none.
   * @throws AppError INVALID_STATE when others may read it or it isn't a key file
   */
  static async open(path: string): Promise<LocalKeyFileProvider> {
    const absolute = resolve(path)
    const file = (await readKeyFile(absolute)) ?? (await createKeyFile(absolute))
    return new LocalKeyFileProvider(absolute, file)
  }

  /** Name of the key that `wrap` uses, as in `EncryptedRecord.keyId`. */
  get currentKeyId(): string {
    return PREFIX + this.#file.current
  }

  async wrap(input: { accountId: string; context: string; dataKey: Uint8Array }): Promise<WrappedKey> {
    const { accountId, context, dataKey } = input
    const { current } = this.#file
    const sealed = encryptBytes(accountKey(this.#master(current), accountId), dataKey, wrapContext(current, context))
    return { keyId: PREFIX + current, wrappedDataKey: `${sealed.iv}${sealed.tag}${sealed.ciphertext}` }
  }

  async unwrap(input: { accountId: string; context: string } & WrappedKey): Promise<Uint8Array> {
    const version = input.keyId.startsWith(PREFIX) ? input.keyId.slice(PREFIX.length) : ''
    if (this.#file.keys[version] === undefined) await this.#reload()
    const key = accountKey(this.#master(version), input.accountId)
    // 12 bytes of IV are 16 characters, 16 of tag are 22: neither has padding to lose.
    const wrapped = input.wrappedDataKey
    const sealed = { iv: wrapped.slice(0, 16), tag: wrapped.slice(16, 38), ciphertext: wrapped.slice(38) }
    const dataKey = decryptBytes(key, sealed, wrapContext(version, input.context))
    if (dataKey === undefined) {
      throw new AppError(
        'SECRET_NOT_OPENED',
        `The data key of a secret can't be unwrapped with key "${input.keyId}": the record was changed or belongs elsewhere. Store the secret again.`,
      )
    }
    return dataKey
  }

  /**
   * Adds a master key and makes it current. Earlier ones stay, so nothing has to be wrapped again at once.
   * @returns the new key id
   */
  async rotate(): Promise<string> {
    await this.#reload()
    const version = `k${Math.max(...Object.keys(this.#file.keys).map((key) => Number(key.slice(1)))) + 1}`
    const file = { ...this.#file, current: version, keys: { ...this.#file.keys, [version]: newMaster() } }
    const temporary = await writeTemporary(this.#path, file)
    await rename(temporary, this.#path)
    await syncFolder(this.#path)
    this.#file = file
    return this.currentKeyId
  }

  async #reload(): Promise<void> {
    const file = await readKeyFile(this.#path)
    if (file === undefined) {
      throw new AppError('SECRET_NOT_OPENED', `The key file "${this.#path}" is gone. Restore it from your backup.`)
    }
    this.#file = file
  }

  #master(version: string): Uint8Array {
    const master = this.#file.keys[version]
    if (master === undefined) {
      throw new AppError(
        'SECRET_NOT_OPENED',
        `The key file holds no key "${PREFIX}${version}". Restore the key file that the secret was stored with.`,
      )
    }
    return Buffer.from(master, 'base64url')
  }
}

function accountKey(master: Uint8Array, accountId: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master, Buffer.from(accountId, 'utf8'), 'sluice account key v1', 32))
}

function wrapContext(version: string, context: string): string {
  return JSON.stringify(['sluice data key v1', version, context])
}

function newMaster(): string {
  return randomBytes(32).toString('base64url')
}

async function readKeyFile(path: string): Promise<KeyFile | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isFileError(error, 'ENOENT')) return undefined
    throw error
  })
  if (text === undefined) return undefined
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw new AppError('INVALID_STATE', `Others may read the key file "${path}". Run: chmod 600 "${path}"`)
  }
  const parsed = KeyFile.safeParse(parseJson(text))
  if (!parsed.success || parsed.data.keys[parsed.data.current] === undefined) {
    throw new AppError('INVALID_STATE', `"${path}" is not a key file. Restore it from your backup, or move it away.`)
  }
  return parsed.data
}

/** Two processes that create the file at once end with the same one: `link` never overwrites. */
async function createKeyFile(path: string): Promise<KeyFile> {
  const created: KeyFile = { v: 1, current: 'k1', keys: { k1: newMaster() } }
  const temporary = await writeTemporary(path, created)
  try {
    await link(temporary, path)
    await syncFolder(path)
    return created
  } catch (error) {
    const other = isFileError(error, 'EEXIST') ? await readKeyFile(path) : undefined
    if (other === undefined) throw error
    return other
  } finally {
    await unlink(temporary)
  }
}

async function writeTemporary(path: string, file: KeyFile): Promise<string> {
  const temporary = `${path}.${randomUUID()}`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(file, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return temporary
}

/** A rename survives power loss only once the folder is on disk too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

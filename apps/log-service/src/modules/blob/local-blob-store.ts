import { randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { access, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '@sluice/contracts/errors'
import type { BlobStore } from './blob-store.ts'

const NAME = /^(?!\.)[\w.-]{1,128}\/(?!\.)[\w.-]{1,200}$/
const PARTIAL = '.partial'

/** Blobs as files below `root`, which replicas share if there are several. Readable by this user only. */
export async function openLocalBlobStore(root: string): Promise<BlobStore> {
  await mkdir(root, { recursive: true, mode: 0o700 })

  const pathOf = (name: string): string => {
    if (!NAME.test(name)) throw new AppError('INTERNAL', `"${name}" is no blob name`)
    return join(root, name)
  }

  return {
    async write(name, source) {
      const path = pathOf(name)
      const folder = dirname(path)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const partial = `${path}.${randomUUID()}${PARTIAL}`
      const file = await open(partial, 'wx', 0o600)
      try {
        for await (const bytes of source) await file.writeFile(bytes)
        await file.sync()
        await file.close()
        await rename(partial, path)
      } catch (error) {
        await file.close()
        await rm(partial, { force: true })
        throw error
      }
      await syncFolder(folder)
    },

    async read(name, start, length) {
      const file = await open(pathOf(name), 'r')
      try {
        const buffer = Buffer.allocUnsafe(length)
        const { bytesRead } = await file.read(buffer, 0, length, start)
        if (bytesRead !== length)
          throw new Error(`blob "${name}" ends at ${start + bytesRead}, before ${start + length}`)
        return buffer
      } finally {
        await file.close()
      }
    },

    stream: (name) => createReadStream(pathOf(name)),

    remove: (name) => rm(pathOf(name), { force: true }),

    async sweep(ageMs) {
      for (const folder of await readdir(root, { withFileTypes: true })) {
        if (!folder.isDirectory()) continue
        for (const name of await readdir(join(root, folder.name))) {
          if (!name.endsWith(PARTIAL)) continue
          const path = join(root, folder.name, name)
          const { mtimeMs } = await stat(path)
          if (mtimeMs < Date.now() - ageMs) await rm(path, { force: true })
        }
      }
    },

    check: () => access(root, constants.W_OK | constants.X_OK),
  }
}

/** A rename outlives a power cut only once its folder is on disk. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

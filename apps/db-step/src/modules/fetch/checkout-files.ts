import { readFile, readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { AppError } from '@sluice/contracts/errors'
import type { Files } from '@sluice/changelog'

/** A changelog is text that people wrote; what is bigger is a dump or an attack. */
const FILE_LIMIT_BYTES = 64 * 1024 * 1024
const FILES_LIMIT = 100_000

/**
 * The files of a checked out repository. Paths are from its root; nothing outside of it is read, neither by `..` nor
 * through a symbolic link, and nothing of `.git`.
 */
export async function openCheckout(folder: string): Promise<Files> {
  const root = await realpath(folder)
  const resolvePath = async (path: string): Promise<string | undefined> => {
    const parts = path.split('/').filter((part) => part !== '' && part !== '.')
    if (path.startsWith('/') || path.includes('\\') || path.includes('\0') || parts.includes('..')) throw outside(path)
    if (parts[0]?.toLowerCase() === '.git') throw outside(path)
    const real = await realpath(join(root, ...parts)).catch(() => undefined)
    if (real === undefined) return undefined
    if (real !== root && !real.startsWith(root + sep)) throw outside(path)
    if (real.slice(root.length + 1).split(sep)[0] === '.git') throw outside(path)
    return real
  }
  const list = async (path: string, found: string[], signal: AbortSignal | undefined): Promise<boolean> => {
    signal?.throwIfAborted()
    const real = await resolvePath(path)
    if (real === undefined || !(await stat(real)).isDirectory()) return false
    for (const entry of await readdir(real, { withFileTypes: true })) {
      const name = path === '' || path === '.' ? entry.name : `${path.replace(/\/+$/, '')}/${entry.name}`
      if (name === '.git') continue
      // A linked folder is not walked into: it could contain itself.
      if (entry.isDirectory()) await list(name, found, signal)
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(resolvePath(name))))) found.push(name)
      if (found.length > FILES_LIMIT) {
        throw new AppError(
          'CHANGELOG_INVALID',
          `The folder "${path}" holds more than ${FILES_LIMIT} files. Name a smaller one.`,
        )
      }
    }
    return true
  }
  return {
    read: async (path, signal) => {
      const real = await resolvePath(path)
      if (real === undefined) return undefined
      const info = await stat(real)
      if (!info.isFile()) return undefined
      if (info.size > FILE_LIMIT_BYTES) {
        throw new AppError(
          'CHANGELOG_INVALID',
          `The file "${path}" has ${info.size} bytes; a changelog file may have ${FILE_LIMIT_BYTES}.`,
        )
      }
      return readFile(real, { signal })
    },
    list: async (path, signal) => {
      const found: string[] = []
      return (await list(path, found, signal)) ? found.toSorted() : undefined
    },
  }
}

async function isFile(path: Promise<string | undefined>): Promise<boolean> {
  const real = await path
  return real !== undefined && (await stat(real)).isFile()
}

function outside(path: string): AppError {
  return new AppError(
    'CHANGELOG_INVALID',
    `The path "${path}" leads out of the repository. Changelogs may only include files of their own repository.`,
  )
}

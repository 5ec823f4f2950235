import { execFile } from 'node:child_process'
import { access, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** npm package that brings Liquibase 4.28.0 with its JDBC drivers (120 MB). A peer to measure against, no dependency. */
const PACKAGE = 'liquibase@4.28.1'
const INSTALL_WITHIN_MS = 600_000
/** Not free software; Liquibase runs without. */
const LEFT_OUT = /commercial/

export interface Liquibase {
  /** Java class path of Liquibase and its drivers. */
  classPath: string
}

/**
 * Finds Liquibase in the cache folder of the repository, or installs it there.
 * @throws Error that says what to install where Java is missing or npm can't bring the package.
 */
export async function installLiquibase(say: (sentence: string) => void): Promise<Liquibase> {
  await requireJava()
  const cache = fileURLToPath(new URL('../../../.cache/oracle', import.meta.url))
  const home = join(cache, 'node_modules', 'liquibase', 'dist', 'liquibase')
  if (!(await exists(join(home, 'internal', 'lib')))) {
    say(`Installing ${PACKAGE} into .cache/oracle …`)
    await mkdir(cache, { recursive: true })
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', cache, PACKAGE]
    await run('npm', args, { timeout: INSTALL_WITHIN_MS, cwd: cache })
  }
  const jars: string[] = []
  for (const folder of [join(home, 'internal', 'lib'), join(home, 'lib')]) {
    if (!(await exists(folder))) continue
    const names = (await readdir(folder)).filter((name) => name.endsWith('.jar') && !LEFT_OUT.test(name))
    jars.push(...names.map((name) => join(folder, name)))
  }
  return { classPath: jars.join(':') }
}

async function requireJava(): Promise<void> {
  try {
    await run('java', ['-version'], { timeout: 20_000 })
  } catch (cause) {
    throw new Error(
      'Java is missing, so there is no Liquibase to measure against. Install a Java 17 runtime (Debian: apt-get install default-jre-headless) and try again.',
      { cause },
    )
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { NgCoreConfig } from '../../config.ts'
import type { Deps } from '../../deps.ts'
import { prepareAccount, type CreatedAccount } from './create-account.ts'

/** Names the lock under which one replica at a time makes the first account. */
const LOCK = 'sluice:ng-core:first-boot'

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    const text = (await readFile(file, 'utf8')).trim()
    return text === '' ? undefined : text
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Writes a file that only its owner reads, whole or not at all. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, `${text}\n`, { mode: 0o600, flag: 'wx' })
  await rename(draft, file)
}

/**
 * Makes the first account where there is none: organisation, project, administrator, delegate token.
 * The password is the one in `firstPasswordFile`, or a random one that is written there. Files are written before the
 * commit, so that a crash in between leaves nothing that nobody can sign in to.
 * @returns undefined where an account exists already
 */
export async function firstBoot(
  deps: Pick<Deps, 'prisma' | 'logger'> & {
    config: Pick<NgCoreConfig, 'firstPasswordFile' | 'firstDelegateTokenFile' | 'firstEmail'>
  },
): Promise<CreatedAccount | undefined> {
  const { prisma, config, logger } = deps
  if ((await prisma.account.count()) > 0) return undefined
  const given = config.firstPasswordFile === undefined ? undefined : await readIfThere(config.firstPasswordFile)
  const password = given ?? randomBytes(18).toString('base64url')
  const create = await prepareAccount({ name: 'Main account', email: config.firstEmail, password })
  const created = await prisma.$transaction(
    async (tx) => {
      await tx.$executeRawUnsafe('select pg_advisory_xact_lock(hashtextextended($1, 0))', LOCK)
      if ((await tx.account.count()) > 0) return undefined
      const account = await create(tx)
      if (config.firstPasswordFile !== undefined && given === undefined) {
        await writePrivateFile(config.firstPasswordFile, password)
      }
      if (config.firstDelegateTokenFile !== undefined) {
        await writePrivateFile(config.firstDelegateTokenFile, account.delegateToken)
      }
      return account
    },
    { timeout: 30_000 },
  )
  if (created === undefined) return undefined
  logger.info({ accountId: created.accountId, email: config.firstEmail }, 'made the first account')
  if (config.firstPasswordFile === undefined) {
    logger.warn(
      'SLUICE_FIRST_PASSWORD_FILE is not set: nobody knows the first password. Set it and start with an empty database.',
    )
  }
  return created
}

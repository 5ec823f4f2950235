import { createHash } from 'node:crypto'
import type { LockOutDetails } from '@sluice/contracts/auth'
import { AppError } from '@sluice/contracts/errors'
import type { z } from 'zod'
import type { Deps, Tx } from '../../deps.ts'

/** Wrong passwords in a row that are free. */
const FREE_FAILURES = 5
/** Seconds of the first lock; each further failure doubles it. */
const FIRST_LOCK_S = 30
/** Seconds: long enough to make guessing hopeless, short enough that locking others out is no fun. */
const LONGEST_LOCK_S = 900
const SECOND_MS = 1_000

/** `retryAfterSeconds` is there where the attempt may not be made. */
export interface ClaimedAttempt {
  free: boolean
  retryAfterSeconds: number | undefined
}

function secondsUntil(lockedUntil: Date | null | undefined): number {
  return Math.max(1, Math.ceil(((lockedUntil?.getTime() ?? 0) - Date.now()) / SECOND_MS))
}

/** Counts an attempt before its password is looked at, so that attempts at the same time count too. */
export async function claimAttempt(
  prisma: Pick<Deps['prisma'], '$executeRaw' | 'user'>,
  user: { accountId: string; id: string },
): Promise<ClaimedAttempt> {
  const { accountId, id } = user
  const claimed = await prisma.$executeRaw`
    update user_account
       set failed_logins = failed_logins + 1,
           locked_until = case when failed_logins + 1 >= ${FREE_FAILURES}::int
             then now() + least(${FIRST_LOCK_S}::int * power(2, least(failed_logins + 1 - ${FREE_FAILURES}::int, 20)), ${LONGEST_LOCK_S}::int) * interval '1 second'
             else null end
     where account_id = ${accountId} and id = ${id} and not disabled
       and (locked_until is null or locked_until <= now())`
  if (claimed === 1) return { free: true, retryAfterSeconds: undefined }
  const row = await prisma.user.findUnique({
    where: { accountId_id: { accountId, id } },
    select: { lockedUntil: true },
  })
  return { free: false, retryAfterSeconds: secondsUntil(row?.lockedUntil) }
}

/**
 * The same for an address that belongs to nobody, or to nobody in the account that was named: it locks after as many
 * attempts and for as long, so that being locked tells nobody who exists.
 */
export async function claimUnknownAttempt(
  prisma: Pick<Deps['prisma'], '$executeRaw' | 'unknownLogin'>,
  input: { email: string; accountIdentifier?: string },
): Promise<ClaimedAttempt> {
  const accountId = input.accountIdentifier ?? ''
  const emailHash = createHash('sha256').update(input.email).digest('hex')
  const claimed = await prisma.$executeRaw`
    insert into unknown_login as known (account_id, email_hash) values (${accountId}, ${emailHash})
    on conflict (account_id, email_hash) do update
       set failed_logins = known.failed_logins + 1,
           locked_until = case when known.failed_logins + 1 >= ${FREE_FAILURES}::int
             then now() + least(${FIRST_LOCK_S}::int * power(2, least(known.failed_logins + 1 - ${FREE_FAILURES}::int, 20)), ${LONGEST_LOCK_S}::int) * interval '1 second'
             else null end,
           updated_at = now()
     where known.locked_until is null or known.locked_until <= now()`
  if (claimed === 1) return { free: true, retryAfterSeconds: undefined }
  const row = await prisma.unknownLogin.findUnique({
    where: { accountId_emailHash: { accountId, emailHash } },
    select: { lockedUntil: true },
  })
  return { free: false, retryAfterSeconds: secondsUntil(row?.lockedUntil) }
}

/** Says how long the lock lasts. `retryAfterSeconds` of its details is at least 1. */
export function lockedOut(retryAfterSeconds: number): AppError {
  const details: z.infer<typeof LockOutDetails> = { retryAfterSeconds }
  return new AppError(
    'TOO_MANY_REQUESTS',
    `Too many wrong passwords in a row. Try again in ${retryAfterSeconds} s, or ask an administrator to unlock the user.`,
    { details },
  )
}

/** Forgets wrong passwords, after a right one or by an administrator. */
export async function forgetFailures(tx: Tx, user: { accountId: string; id: string }): Promise<void> {
  await tx.user.update({
    where: { accountId_id: { accountId: user.accountId, id: user.id } },
    data: { failedLogins: 0, lockedUntil: null },
    select: { id: true },
  })
}

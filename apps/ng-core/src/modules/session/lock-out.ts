import type { Deps, Tx } from '../../deps.ts'

/** Wrong passwords in a row that are free. */
const FREE_FAILURES = 5
/** Seconds of the first lock; each further failure doubles it. */
const FIRST_LOCK_S = 30
/** Seconds: long enough to make guessing hopeless, short enough that locking others out is no fun. */
const LONGEST_LOCK_S = 900

/**
 * Counts an attempt before its password is looked at, so that attempts at the same time count too.
 * @returns false while the user is locked out
 */
export async function claimAttempt(
  prisma: Pick<Deps['prisma'], '$executeRaw'>,
  user: { accountId: string; id: string },
): Promise<boolean> {
  const claimed = await prisma.$executeRaw`
    update user_account
       set failed_logins = failed_logins + 1,
           locked_until = case when failed_logins + 1 >= ${FREE_FAILURES}::int
             then now() + least(${FIRST_LOCK_S}::int * power(2, least(failed_logins + 1 - ${FREE_FAILURES}::int, 20)), ${LONGEST_LOCK_S}::int) * interval '1 second'
             else null end
     where account_id = ${user.accountId} and id = ${user.id} and not disabled
       and (locked_until is null or locked_until <= now())`
  return claimed === 1
}

/** Forgets wrong passwords, after a right one or by an administrator. */
export async function forgetFailures(tx: Tx, user: { accountId: string; id: string }): Promise<void> {
  await tx.user.update({
    where: { accountId_id: { accountId: user.accountId, id: user.id } },
    data: { failedLogins: 0, lockedUntil: null },
    select: { id: true },
  })
}

import type { Tx } from '../../deps.ts'

/** Says that roles, or who is active, changed: bindings cached anywhere for older tokens no longer hold. */
export async function bumpAccessVersion(tx: Tx, accountId: string): Promise<void> {
  await tx.account.update({
    where: { id: accountId },
    data: { accessVersion: { increment: 1 } },
    select: { id: true },
  })
}

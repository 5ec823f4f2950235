import { FEATURE_FLAG_DESCRIPTIONS, FEATURE_FLAGS, type Account } from '@sluice/contracts/accounts'
import type { Deps } from '../../deps.ts'

/** The account of whoever asks. */
export async function getAccount(deps: Pick<Deps, 'prisma'>, accountId: string): Promise<Account> {
  const [account, flags] = await Promise.all([
    deps.prisma.account.findUniqueOrThrow({ where: { id: accountId } }),
    deps.prisma.featureFlag.findMany({ where: { accountId } }),
  ])
  return {
    identifier: account.id,
    name: account.name,
    featureFlags: FEATURE_FLAGS.map((name) => ({
      name,
      enabled: flags.find((flag) => flag.name === name)?.enabled ?? true,
      description: FEATURE_FLAG_DESCRIPTIONS[name],
    })),
    createdAt: account.createdAt.getTime(),
  }
}

import { FEATURE_FLAG_DESCRIPTIONS, type Account, type FeatureFlag } from '@sluice/contracts/accounts'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'

/** Turns a feature of the actor's account on or off; it holds for tokens made from now on. */
export async function updateFeatureFlag(
  deps: Pick<Deps, 'prisma' | 'publishRevocation'>,
  actor: Actor,
  name: FeatureFlag,
  enabled: boolean,
): Promise<Account['featureFlags'][number]> {
  const { accountId } = actor
  await deps.prisma.$transaction(async (tx) => {
    const where = { accountId_name: { accountId, name } }
    const before = await tx.featureFlag.findUnique({ where })
    await tx.featureFlag.upsert({ where, create: { accountId, name, enabled }, update: { enabled } })
    await appendAudit(tx, actor, {
      action: 'UPDATE',
      resource: { type: 'featureFlag', identifier: name },
      before: { enabled: before?.enabled ?? true },
      after: { enabled },
    })
  })
  await deps.publishRevocation({ accountId, kind: 'featureFlag' })
  return { name, enabled, description: FEATURE_FLAG_DESCRIPTIONS[name] }
}

import type { Deps } from '../../deps.ts'

/** Which changelog of which execution. */
export interface PinKey {
  accountId: string
  executionId: string
  instanceId: string
  /** Repository and ref: where they are others than before, the old commit says nothing. */
  source: string
}

/** The commit that this execution uses for the instance, if one is pinned for this source. */
export async function findPinnedCommit(deps: Pick<Deps, 'prisma'>, key: PinKey): Promise<string | undefined> {
  const { accountId, executionId, instanceId, source } = key
  const row = await deps.prisma.pinnedCommit.findUnique({
    where: { accountId_executionId_instanceId: { accountId, executionId, instanceId } },
  })
  return row?.source === source ? row.commit : undefined
}

/** Pins a commit, unless one is pinned for this source already. @returns the pinned one: the first wins. */
export async function pinCommit(deps: Pick<Deps, 'prisma'>, key: PinKey, commit: string): Promise<string> {
  const { accountId, executionId, instanceId, source } = key
  await deps.prisma.pinnedCommit.createMany({
    data: [{ accountId, executionId, instanceId, source, commit }],
    skipDuplicates: true,
  })
  const pinned = await findPinnedCommit(deps, key)
  if (pinned !== undefined) return pinned
  await deps.prisma.pinnedCommit.update({
    where: { accountId_executionId_instanceId: { accountId, executionId, instanceId } },
    data: { source, commit },
  })
  return commit
}

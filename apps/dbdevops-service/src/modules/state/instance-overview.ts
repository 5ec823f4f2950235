import { InstanceOverview } from '@sluice/contracts/dbops'
import { z } from 'zod'
import type { DbInstance } from '../../generated/prisma/client.ts'

const StoredCounts = z.record(z.string(), z.number())
const StoredFailure = InstanceOverview.shape.lastFailure

/** Counts as they were stored with the last report. */
function countsOf(stored: unknown): InstanceOverview['counts'] {
  const parsed = StoredCounts.safeParse(stored)
  const byState = parsed.success ? parsed.data : {}
  return {
    total: Object.values(byState).reduce((sum, count) => sum + count, 0),
    deployed: byState['deployed'] ?? 0,
    pending: byState['pending'] ?? 0,
    changed: byState['changed'] ?? 0,
    failed: byState['failed'] ?? 0,
    unknown: byState['unknown'] ?? 0,
    skipped: byState['skipped'] ?? 0,
    rolledBack: byState['rolled-back'] ?? 0,
  }
}

/** What an instance's head in the matrix says. */
export function toInstanceOverview(instance: DbInstance): InstanceOverview {
  return {
    instance: instance.identifier,
    name: instance.name,
    counts: countsOf(instance.stateCounts),
    lastRefreshedAt: instance.seenAt?.getTime(),
    lastFailure: StoredFailure.parse(instance.lastFailure ?? undefined),
    commit: instance.seenCommit ?? undefined,
  }
}

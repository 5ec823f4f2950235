import type { InstanceOverview } from '../../api/schemas.ts'

/**
 * How many changesets a baseline would mark in a database whose history has none of them: it was made by hand or by
 * another tool, or its first run failed at what is there already. 0 where nobody has looked, or the history has some.
 */
export function baselineCount(overview: Pick<InstanceOverview, 'counts' | 'lastRefreshedAt'> | undefined): number {
  if (overview?.lastRefreshedAt === undefined) return 0
  const { deployed, changed, unknown, rolledBack, pending, failed } = overview.counts
  return deployed + changed + unknown + rolledBack > 0 ? 0 : pending + failed
}

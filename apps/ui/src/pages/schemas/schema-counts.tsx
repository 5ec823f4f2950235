import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { overviewQuery, type SchemaAddress } from '../../api/schemas.ts'
import { Ago } from '../../design/time.tsx'
import { CountMarks, sumCounts } from '../../matrix/count-marks.tsx'

/** How the databases of a schema stand, all together. */
export function SchemaCounts({ address }: { address: SchemaAddress }) {
  const { data, error } = useQuery(overviewQuery(address))
  if (error !== null) return <span title={error.message}>Not readable</span>
  if (data === undefined) return <Skeleton height={14} width={140} />
  return <CountMarks counts={sumCounts(data)} />
}

/** When somebody last looked at one of the databases. */
export function LastLook({ address }: { address: SchemaAddress }) {
  const { data } = useQuery(overviewQuery(address))
  const last = Math.max(0, ...(data ?? []).map(({ lastRefreshedAt }) => lastRefreshedAt ?? 0))
  if (data === undefined) return null
  return last === 0 ? <>Never</> : <Ago at={last} />
}

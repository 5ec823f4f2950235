import type { Delegate } from '@sluice/contracts/delegates'
import type { Scope } from '@sluice/contracts/ids'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { scopeParts } from '../scope/require-scope.ts'

const Row = z.object({
  id: z.string(),
  name: z.string(),
  tags: z.array(z.string()),
  orgIdentifier: z.string().nullable(),
  projectIdentifier: z.string().nullable(),
  state: z.string(),
  connected: z.boolean(),
  draining: z.boolean(),
  version: z.string().nullable(),
  capabilities: z.array(z.string()).nullable(),
  capacity: z.number(),
  replica: z.string().nullable(),
  lastHeartbeatAt: z.date().nullable(),
  enrolledAt: z.date(),
  runningTasks: z.number(),
  tokenName: z.string().nullable(),
  total: z.coerce.number(),
})

export interface DelegateFilter {
  /** Looks into name, tags and capabilities such as the host. */
  searchTerm?: string
  connected?: boolean
  /** Only these. */
  ids?: readonly string[]
  limit: number
  offset: number
}

/** Delegates that can serve a scope, by name, from delegate-service's own rows (read grants). */
export async function readDelegates(
  deps: Pick<Deps, 'pool'>,
  scope: Scope,
  filter: DelegateFilter,
): Promise<{ delegates: Delegate[]; total: number }> {
  const { rows } = await deps.pool.query(
    `select d.id, d.name, d.tags, d.org_identifier as "orgIdentifier", d.project_identifier as "projectIdentifier",
            d.state, d.connected, d.draining, d.version, d.capabilities, d.capacity, d.replica_id as "replica",
            d.last_heartbeat_at as "lastHeartbeatAt", d.created_at as "enrolledAt",
            coalesce(l.running_tasks, 0) as "runningTasks", t.name as "tokenName", count(*) over () as total
       from delegate.delegates d
       left join delegate.delegate_load l on l.account_id = d.account_id and l.delegate_id = d.id
       left join ng.delegate_token t on t.account_id = d.account_id and t.id = d.token_id
      where d.account_id = $1
        and (d.org_identifier is null
             or (d.org_identifier = $2 and (d.project_identifier is null or d.project_identifier = $3)))
        and ($4::text is null or position(lower($4) in lower(concat_ws(' ', d.name, array_to_string(d.tags, ' '),
             array_to_string(d.capabilities, ' ')))) > 0)
        and ($5::boolean is null or d.connected = $5)
        and ($6::text[] is null or d.id = any($6))
      order by d.name, d.id limit $7 offset $8`,
    [
      scope.accountId,
      scope.orgIdentifier ?? null,
      scope.projectIdentifier ?? null,
      filter.searchTerm ?? null,
      filter.connected ?? null,
      filter.ids ?? null,
      filter.limit,
      filter.offset,
    ],
  )
  const found = z.array(Row).parse(rows)
  return { delegates: found.map(toDelegate), total: found[0]?.total ?? 0 }
}

function statusOf(row: z.infer<typeof Row>): Delegate['status'] {
  if (row.state === 'awaitingApproval') return 'AWAITING_APPROVAL'
  if (row.state !== 'enrolled') return 'REVOKED'
  if (!row.connected) return 'DISCONNECTED'
  return row.draining ? 'DRAINING' : 'CONNECTED'
}

function toDelegate(row: z.infer<typeof Row>): Delegate {
  const capabilities = row.capabilities ?? []
  const named = (prefix: string): string[] =>
    capabilities.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  const [host] = named('host:')
  const [place] = named('place:')
  return {
    identifier: row.id,
    name: row.name,
    tags: row.tags,
    ...scopeParts(row),
    state: row.state,
    connected: row.connected,
    draining: row.draining,
    status: statusOf(row),
    version: row.version ?? undefined,
    lastHeartbeatAt: row.lastHeartbeatAt?.getTime(),
    enrolledAt: row.enrolledAt.getTime(),
    replica: row.connected ? (row.replica ?? undefined) : undefined,
    capacity: row.capacity,
    runningTasks: row.runningTasks,
    runtimes: named('runtime:'),
    capabilities,
    host,
    inContainer: place === undefined ? undefined : place === 'container',
    tokenName: row.tokenName ?? undefined,
  }
}

import type { Delegate, listDelegates as contract } from '@sluice/contracts/delegates'
import type { Scope } from '@sluice/contracts/ids'
import { toPage, type RouteBody, type RouteQuery } from '@sluice/contracts/routes'
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
  version: z.string().nullable(),
  lastHeartbeatAt: z.date().nullable(),
  total: z.coerce.number(),
})

/** Delegates that can serve a scope, from delegate-service's own table (a read grant). */
export async function listDelegates(
  deps: Pick<Deps, 'pool'>,
  scope: Scope,
  filter: RouteBody<typeof contract>,
  query: RouteQuery<typeof contract>,
) {
  const { rows } = await deps.pool.query(
    `select id, name, tags, org_identifier as "orgIdentifier", project_identifier as "projectIdentifier", state, connected,
            version, last_heartbeat_at as "lastHeartbeatAt", count(*) over () as total
       from delegate.delegates
      where account_id = $1
        and (org_identifier is null or (org_identifier = $2 and (project_identifier is null or project_identifier = $3)))
        and ($4::text is null or position(lower($4) in lower(name)) > 0)
        and ($5::boolean is null or connected = $5)
      order by name, id limit $6 offset $7`,
    [
      scope.accountId,
      scope.orgIdentifier ?? null,
      scope.projectIdentifier ?? null,
      filter.searchTerm ?? null,
      filter.connected ?? null,
      query.pageSize,
      query.pageIndex * query.pageSize,
    ],
  )
  const found = z.array(Row).parse(rows)
  const content = found.map((row): Delegate => ({
    identifier: row.id,
    name: row.name,
    tags: row.tags,
    ...scopeParts(row),
    state: row.state,
    connected: row.connected,
    version: row.version ?? undefined,
    lastHeartbeatAt: row.lastHeartbeatAt?.getTime(),
  }))
  return toPage(content, found[0]?.total ?? 0, query)
}

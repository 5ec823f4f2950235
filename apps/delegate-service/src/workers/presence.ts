import type { Runner } from '@sluice/database'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { supersede } from '../modules/connection/connection-hub.ts'

const Row = z.object({ connectionId: z.string().nullable(), state: z.string(), tokenStatus: z.string().nullable() })

/**
 * Writes which delegates this replica holds, in one statement for all of them, and reads in another which of them may no
 * longer be here: a revocation or a newer connection whose message got lost. A delegate that idles costs nothing else.
 */
export function createPresence(deps: Deps): Runner {
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  const stopping = new AbortController()
  const pass = async (): Promise<void> => {
    try {
      await lookAtConnections(deps)
    } catch (error) {
      deps.logger.warn({ err: error }, 'heartbeats not stored')
    }
    if (!stopping.signal.aborted) arm()
  }
  const arm = (): void => {
    timer = setTimeout(() => {
      writing = pass()
    }, deps.timing.presenceEveryMs)
    timer.unref()
  }
  return {
    start: async () => arm(),
    stop: async () => {
      stopping.abort()
      clearTimeout(timer)
      await writing
    },
  }
}

async function lookAtConnections(deps: Deps): Promise<void> {
  const connections = deps.hub.connections().filter((connection) => connection.isOpen)
  if (connections.length === 0) return
  const columns = [
    connections.map((connection) => connection.accountId),
    connections.map((connection) => connection.delegateId),
    connections.map((connection) => connection.connectionId),
  ]
  await deps.pool.query(
    `update delegate.delegates d set last_heartbeat_at = $4, connected = true
       from unnest($1::text[], $2::text[], $3::text[]) as held(account_id, id, connection_id)
      where d.account_id = held.account_id and d.id = held.id and d.connection_id = held.connection_id`,
    [...columns, new Date(deps.now())],
  )
  const { rows } = await deps.pool.query(
    `select d.connection_id as "connectionId", d.state, k.status as "tokenStatus"
       from unnest($1::text[], $2::text[]) as held(account_id, id)
       join delegate.delegates d on d.account_id = held.account_id and d.id = held.id
       left join ng.delegate_token_keys k on k.account_id = d.account_id and k.id = d.token_id`,
    columns.slice(0, 2),
  )
  const found = new Map(
    z
      .array(Row)
      .parse(rows)
      .map((row) => [row.connectionId, row]),
  )
  for (const connection of connections) {
    const row = found.get(connection.connectionId)
    if (row === undefined) supersede(connection)
    else if (row.state !== 'enrolled' || row.tokenStatus !== 'ACTIVE')
      connection.revoke('the delegate or its token was revoked')
  }
}

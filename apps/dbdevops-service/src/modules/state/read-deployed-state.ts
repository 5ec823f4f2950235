import type { DeployedStateRow, getDeployedState } from '@sluice/contracts/dbops'
import type { RouteBody, RouteQuery } from '@sluice/contracts/routes'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { findInstance } from '../instance/instance-store.ts'
import type { ProjectRef } from '../schema/schema-store.ts'
import { PUBLISHED_STATUS } from './published-status.ts'
import { StateRow } from './state-row.ts'

const Row = StateRow.extend({ total: z.coerce.number(), ran_here: z.boolean() })

/**
 * All changesets of an instance in the order of the changelog, with those marked that the given execution deployed.
 * @throws AppError ENTITY_NOT_FOUND
 */
export async function readDeployedState(
  deps: Pick<Deps, 'prisma' | 'pool'>,
  ref: ProjectRef & { schema: string; instance: string },
  query: RouteQuery<typeof getDeployedState>,
  body: RouteBody<typeof getDeployedState>,
): Promise<{ items: z.infer<typeof DeployedStateRow>[]; total: number }> {
  const { instance } = await findInstance(deps.prisma, ref, ref.schema, ref.instance)
  const { rows } = await deps.pool.query(
    `select s.*, count(*) over () as total,
            exists (select 1 from changeset_report c
                      join step_report r on r.account_id = c.account_id and r.attempt_id = c.attempt_id and r.unit = c.unit
                     where r.account_id = s.account_id and r.instance_id = s.instance_id and r.execution_id = $3
                       and c.changeset_key = s.changeset_key and c.status = 'ran-now') as ran_here
       from changeset_state s
      where s.account_id = $1 and s.instance_id = $2
      order by s.position, s.changeset_key
      limit $4 offset $5`,
    [ref.accountId, instance.id, body.planExecutionId, query.limit, query.page * query.limit],
  )
  const parsed = rows.map((row) => Row.parse(row))
  return {
    total: parsed[0]?.total ?? 0,
    items: parsed.map((row) => ({
      changeSetId: row.changeset_id,
      author: row.author,
      fileName: row.path,
      command: row.command,
      status: PUBLISHED_STATUS[row.state],
      state: row.state,
      deployedAt: row.deployed_at?.getTime(),
      tag: row.tag ?? undefined,
      error: row.error ?? undefined,
      metadata: { pipeline: row.pipeline, planExecutionId: row.execution_id },
      deployedInCurrentExecution: row.ran_here,
    })),
  }
}

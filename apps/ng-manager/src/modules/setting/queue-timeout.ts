import type { Scope } from '@sluice/contracts/ids'
import { resolveSetting } from '@sluice/contracts/settings'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'

const Row = z.object({
  orgIdentifier: z.string().nullable(),
  projectIdentifier: z.string().nullable(),
  identifier: z.string(),
  value: z.unknown(),
  allowOverrides: z.boolean(),
})

const SETTING = 'delegate_queue_timeout_seconds'

/** Milliseconds that a task of this scope may wait for a delegate, by the setting. */
export async function readQueueTimeout(deps: Pick<Deps, 'pool'>, scope: Scope): Promise<number> {
  const { rows } = await deps.pool.query(
    `select org_identifier as "orgIdentifier", project_identifier as "projectIdentifier", identifier, value,
            allow_overrides as "allowOverrides"
       from ng.settings where account_id = $1 and identifier = $2`,
    [scope.accountId, SETTING],
  )
  return (
    resolveSetting(
      rows.map((row) => Row.parse(row)),
      SETTING,
      scope,
    ) * 1000
  )
}

import type { Driver } from '@sluice/drivers/driver'
import { abortedAs } from '../abort.ts'
import type { ChangeLog } from '../model/change-log.ts'
import type { Plan } from './plan.ts'
import { prepare, type PlanOptions } from './prepare.ts'

/**
 * What `execute` would do. Changes nothing: one READ ONLY transaction, in which preconditions are evaluated too, and no
 * history or lock table is made. An account that may only read suffices.
 * @throws ChangelogError CHECKSUM_CHANGED, DUPLICATE_CHANGESET, CHANGE_NOT_BUILT or STATEMENT_REFUSED with every problem
 * found; PRECONDITION_FAILED of the changelog; HISTORY_UNREADABLE; ABORTED. DatabaseError for anything else.
 */
export async function plan(driver: Driver, changelog: ChangeLog, options: PlanOptions = {}): Promise<Plan> {
  return abortedAs('Planning', options.signal, async () => (await prepare(driver, changelog, options)).plan)
}

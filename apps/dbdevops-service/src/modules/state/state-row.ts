import { ChangesetSource, ChangesetState, type SeenBy } from '@sluice/contracts/dbops'
import { z } from 'zod'

/** A row of `changeset_state` as `pg` returns it. */
export const StateRow = z.object({
  instance_id: z.string(),
  changeset_key: z.string(),
  changeset_id: z.string(),
  author: z.string(),
  path: z.string(),
  state: ChangesetState,
  checksum: z.string().nullable(),
  stored_checksum: z.string().nullable(),
  deployed_at: z.date().nullable(),
  order_executed: z.number().nullable(),
  tag: z.string().nullable(),
  error: z.string().nullable(),
  source: ChangesetSource,
  command: z.string(),
  pipeline: z.string(),
  execution_id: z.string(),
  attempt_id: z.string(),
  seen_at: z.date(),
  text_hash: z.string().nullable(),
})
export type StateRow = z.infer<typeof StateRow>

const SEEN_BY: Partial<Record<string, SeenBy>> = {
  DBSchemaUpdateSQL: 'preview',
  Refresh: 'refresh',
  Baseline: 'baseline',
}

/** What told us of a state. */
export function seenBy(row: Pick<StateRow, 'command'>): SeenBy {
  return SEEN_BY[row.command] ?? 'apply'
}

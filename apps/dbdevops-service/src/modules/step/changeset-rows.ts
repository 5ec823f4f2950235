import { createHash } from 'node:crypto'
import type { ChangesetSource, ChangesetState, StepReport } from '@sluice/contracts/dbops'
import type { ChangesetReport } from '@sluice/contracts/tasks'

/** A changeset of a report, ready for `jsonb_to_recordset`. */
export interface ChangesetRow {
  changeset_key: string
  changeset_id: string
  author: string
  path: string
  position: number
  /** As reported, `ran-now` included. */
  status: ChangesetState
  /** What the database holds from now on: `ran-now` has become `deployed`. */
  state: ChangesetState
  checksum: string | null
  stored_checksum: string | null
  deployed_at: string | null
  order_executed: number | null
  tag: string | null
  error: string | null
  source: ChangesetSource
  /** Of what it says; null where the report does not tell. */
  text_hash: string | null
}

/** Identity of a changeset as text: a changeset is named by path, id and author together. */
export function changesetKey(changeset: Pick<ChangesetReport, 'id' | 'author' | 'path'>): string {
  return createHash('sha256')
    .update(JSON.stringify([changeset.path, changeset.id, changeset.author]))
    .digest('hex')
}

/** A state that a row of the history table speaks of is the history's; `pending` is the changelog's word alone. */
const SOURCES: Record<ChangesetState, ChangesetSource> = {
  'ran-now': 'run',
  failed: 'run',
  'rolled-back': 'run',
  deployed: 'history',
  changed: 'history',
  unknown: 'history',
  pending: 'changelog',
  skipped: 'changelog',
}

/** Rows of a report in its order. A changeset that is named twice counts once, the last time. */
export function toChangesetRows(
  changesets: readonly ChangesetReport[],
  report: Pick<StepReport, 'finishedAt'>,
): ChangesetRow[] {
  const rows = new Map<string, ChangesetRow>()
  for (const [position, changeset] of changesets.entries()) {
    const key = changesetKey(changeset)
    const ranNow = changeset.status === 'ran-now'
    const deployedAt = changeset.deployedAt ?? (ranNow ? report.finishedAt : undefined)
    rows.set(key, {
      changeset_key: key,
      changeset_id: changeset.id,
      author: changeset.author,
      path: changeset.path,
      position,
      status: changeset.status,
      state: ranNow ? 'deployed' : changeset.status,
      checksum: changeset.checksum ?? null,
      stored_checksum: changeset.storedChecksum ?? null,
      deployed_at: deployedAt === undefined ? null : new Date(deployedAt).toISOString(),
      order_executed: changeset.orderExecuted ?? null,
      tag: changeset.tag ?? null,
      error: changeset.error ?? null,
      source: SOURCES[changeset.status],
      text_hash: null,
    })
  }
  return [...rows.values()]
}

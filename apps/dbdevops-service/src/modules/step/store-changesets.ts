import type { StepReport } from '@sluice/contracts/dbops'
import type { Prisma } from '../../generated/prisma/client.ts'
import type { ChangesetRow } from './changeset-rows.ts'

/** Columns of a {@link ChangesetRow} as `jsonb_to_recordset` reads them. */
const COLUMNS = `changeset_key text, changeset_id text, author text, path text, position int, status text, state text,
  checksum text, stored_checksum text, deployed_at timestamptz, order_executed int, tag text, error text, source text, text_hash text`

/**
 * A refresh finds no history row of a changeset that failed last. Unless it was changed since, "failed" says more than
 * "pending", and the database agrees with both.
 */
const STILL_FAILED = `(excluded.command = 'Refresh' and s.state = 'failed' and excluded.state = 'pending'
  and s.checksum is not distinct from excluded.checksum)`

/** A look without a run that finds what a run left: the run goes on being named. */
const SAME_AS_THEN = `(excluded.pipeline = '' and s.order_executed is not distinct from excluded.order_executed
  and (s.state = excluded.state or ${STILL_FAILED}))`

/** Stores what a report says of each changeset: in the ledger, and as the newest state. */
export async function storeChangesets(
  tx: Prisma.TransactionClient,
  accountId: string,
  report: StepReport,
  rows: readonly ChangesetRow[],
): Promise<void> {
  if (rows.length === 0) return
  const { attemptId, unit, instanceId, schemaId } = report
  const json = JSON.stringify(rows)
  await tx.$executeRawUnsafe(
    `insert into changeset_report (account_id, attempt_id, unit, changeset_key, status, error)
     select $1, $2, $3, r.changeset_key, r.status, r.error from jsonb_to_recordset($4::jsonb) as r(${COLUMNS})
     on conflict do nothing`,
    accountId,
    attemptId,
    unit,
    json,
  )
  await tx.$executeRawUnsafe(
    `insert into changeset_state as s (account_id, instance_id, changeset_key, changeset_id, author, path, position, state,
                                  checksum, stored_checksum, deployed_at, order_executed, tag, error, source,
                                  text_hash, command, pipeline, execution_id, attempt_id, seen_at)
     select $1, $2, r.changeset_key, r.changeset_id, r.author, r.path, r.position, r.state,
            r.checksum, r.stored_checksum, r.deployed_at, r.order_executed, r.tag, r.error, r.source, r.text_hash,
            $4, $5, $6, $7, $8::timestamptz
       from jsonb_to_recordset($3::jsonb) as r(${COLUMNS})
      order by r.changeset_key
     on conflict (account_id, instance_id, changeset_key) do update
        set position = excluded.position, checksum = excluded.checksum,
            stored_checksum = excluded.stored_checksum, deployed_at = excluded.deployed_at,
            order_executed = excluded.order_executed, tag = excluded.tag,
            text_hash = coalesce(excluded.text_hash, s.text_hash),
            state = case when ${STILL_FAILED} then s.state else excluded.state end,
            error = case when ${STILL_FAILED} then s.error else excluded.error end,
            source = case when ${STILL_FAILED} then s.source else excluded.source end,
            pipeline = case when ${SAME_AS_THEN} then s.pipeline else excluded.pipeline end,
            execution_id = case when ${SAME_AS_THEN} then s.execution_id else excluded.execution_id end,
            command = excluded.command, attempt_id = excluded.attempt_id, seen_at = excluded.seen_at
      where s.seen_at <= excluded.seen_at`,
    accountId,
    instanceId,
    json,
    report.stepType,
    report.pipelineIdentifier,
    report.executionId,
    attemptId,
    new Date(report.finishedAt).toISOString(),
  )
  await tx.$executeRawUnsafe(
    `insert into schema_changeset as c (account_id, schema_id, changeset_key, changeset_id, author, path, position)
     select $1, $2, r.changeset_key, r.changeset_id, r.author, r.path, r.position
       from jsonb_to_recordset($3::jsonb) as r(${COLUMNS})
      order by r.changeset_key
     on conflict (account_id, schema_id, changeset_key) do update set position = excluded.position
      where c.position <> excluded.position`,
    accountId,
    schemaId,
    json,
  )
  if (report.outcome === 'failed') return
  // Whoever looked at the whole changelog did not find these in it any more, and no database has run them.
  const { count } = await tx.changesetState.deleteMany({
    where: {
      accountId,
      instanceId,
      source: 'changelog',
      attemptId: { not: attemptId },
      seenAt: { lt: new Date(report.finishedAt) },
    },
  })
  if (count > 0) await removeLostChangesets(tx, accountId, schemaId)
}

/** Takes changesets off the matrix that no instance has a state of any more. */
export async function removeLostChangesets(
  tx: Pick<Prisma.TransactionClient, '$executeRawUnsafe'>,
  accountId: string,
  schemaId: string,
): Promise<void> {
  await tx.$executeRawUnsafe(
    `delete from schema_changeset c
      where c.account_id = $1 and c.schema_id = $2
        and not exists (select 1 from changeset_state s
                          join db_instance i on i.account_id = s.account_id and i.id = s.instance_id
                         where s.account_id = c.account_id and s.changeset_key = c.changeset_key
                           and i.schema_id = c.schema_id)`,
    accountId,
    schemaId,
  )
}

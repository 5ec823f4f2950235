import { createHash } from 'node:crypto'
import type { StepReport } from '@sluice/contracts/dbops'
import type { ChangesetText } from '@sluice/contracts/tasks'
import type { Prisma } from '../../generated/prisma/client.ts'
import { changesetKey, type ChangesetRow } from './changeset-rows.ts'

/**
 * Stores what changesets say, once per content, and puts the hashes into `rows`.
 * Texts that no state of the schema refers to any more, and that were not used for a day, go.
 */
export async function storeTexts(
  tx: Prisma.TransactionClient,
  accountId: string,
  report: Pick<StepReport, 'schemaId'>,
  texts: readonly ChangesetText[],
  rows: readonly ChangesetRow[],
): Promise<void> {
  const byKey = new Map(texts.map((text) => [changesetKey(text), { hash: hashOf(text), document: text }]))
  const used = new Map<string, ChangesetText>()
  for (const row of rows) {
    const text = byKey.get(row.changeset_key)
    if (text === undefined) continue
    row.text_hash = text.hash
    used.set(text.hash, text.document)
  }
  if (used.size === 0) return
  const json = JSON.stringify([...used].map(([hash, document]) => ({ hash, document })))
  await tx.$executeRawUnsafe(
    `insert into changeset_text as t (account_id, schema_id, hash, document, used_at)
     select $1, $2, r.hash, r.document, now() from jsonb_to_recordset($3::jsonb) as r(hash text, document jsonb)
      order by r.hash
     on conflict (account_id, schema_id, hash) do update set used_at = excluded.used_at`,
    accountId,
    report.schemaId,
    json,
  )
  await tx.$executeRawUnsafe(
    `delete from changeset_text t
      where t.account_id = $1 and t.schema_id = $2 and t.used_at < now() - interval '1 day'
        and not exists (select 1 from changeset_state s where s.account_id = t.account_id and s.text_hash = t.hash)`,
    accountId,
    report.schemaId,
  )
}

function hashOf(text: ChangesetText): string {
  return createHash('sha256').update(JSON.stringify(text)).digest('hex')
}

import type { ChangesetDetail, getChangeset } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import type { RouteQuery } from '@sluice/contracts/routes'
import { ChangesetText } from '@sluice/contracts/tasks'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { findSchema, type ProjectRef } from '../schema/schema-store.ts'
import { changesetKey } from '../step/changeset-rows.ts'
import { StateRow } from './state-row.ts'

const Row = StateRow.extend({
  instance: z.string(),
  seen_commit: z.string().nullable(),
  document: ChangesetText.nullable(),
})

/**
 * What a changeset does, with its state on one instance: the one named, else the one that was looked at last.
 * @throws AppError ENTITY_NOT_FOUND where no instance has it, or where no report has told its text yet
 */
export async function readChangeset(
  deps: Pick<Deps, 'prisma' | 'pool'>,
  ref: ProjectRef & { schema: string },
  query: RouteQuery<typeof getChangeset>,
): Promise<ChangesetDetail> {
  const schema = await findSchema(deps.prisma, ref, ref.schema)
  const { rows } = await deps.pool.query(
    `select s.*, i.identifier as instance, i.seen_commit, t.document
       from changeset_state s
       join db_instance i on i.account_id = s.account_id and i.id = s.instance_id
       left join changeset_text t on t.account_id = s.account_id and t.schema_id = i.schema_id and t.hash = s.text_hash
      where s.account_id = $1 and i.schema_id = $2 and s.changeset_key = $3 and ($4::text is null or i.identifier = $4)
      order by (t.document is null), s.seen_at desc, i.id
      limit 1`,
    [
      ref.accountId,
      schema.id,
      changesetKey({ path: query.fileName, id: query.id, author: query.author }),
      query.instance ?? null,
    ],
  )
  const name = `${query.fileName}::${query.id}::${query.author}`
  if (rows[0] === undefined) {
    const where = query.instance === undefined ? '' : ` on instance "${query.instance}"`
    throw new AppError(
      'ENTITY_NOT_FOUND',
      `DB schema "${schema.identifier}" knows no changeset "${name}"${where}. Refresh the instance, or look at its matrix for the right name.`,
    )
  }
  const row = Row.parse(rows[0])
  if (row.document === null) {
    throw new AppError(
      'ENTITY_NOT_FOUND',
      row.state === 'unknown'
        ? `The changeset "${name}" is in the history of the database, but not in the changelog: its SQL is not known.`
        : `The SQL of changeset "${name}" is not known yet. Refresh the instance "${row.instance}" once.`,
    )
  }
  const { path: fileName, checksum, ...text } = row.document
  return {
    ...text,
    fileName,
    instance: row.instance,
    state: row.state,
    checksum,
    storedChecksum: row.stored_checksum ?? undefined,
    tag: row.tag ?? undefined,
    error: row.error ?? undefined,
    deployedAt: row.deployed_at?.getTime(),
    commit: row.seen_commit ?? undefined,
    seenAt: row.seen_at.getTime(),
  }
}

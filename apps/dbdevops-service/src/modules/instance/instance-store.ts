import { DbInstanceOut } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import type { DbInstance, Prisma } from '../../generated/prisma/client.ts'
import { findSchema, type ProjectRef, type SchemaRow } from '../schema/schema-store.ts'

export function toInstanceOut(row: DbInstance): DbInstanceOut {
  return DbInstanceOut.parse({
    identifier: row.identifier,
    name: row.name,
    tags: row.tags,
    connector: row.connector,
    branch: row.branch ?? undefined,
    gitTag: row.gitTag ?? undefined,
    commitSha: row.commitSha ?? undefined,
    context: row.context ?? undefined,
    labels: row.labels ?? undefined,
    substituteProperties: row.properties,
    database: row.databaseName ?? undefined,
    schema: row.defaultSchema ?? undefined,
    created: row.createdAt.getTime(),
    updated: row.updatedAt.getTime(),
    version: row.version,
    lastAppliedTag: row.lastAppliedTag ?? undefined,
    lastDeployedChangeSetTag: row.lastDeployedTag ?? undefined,
    toOnboard: row.seenAt === null,
  })
}

/** @throws AppError ENTITY_NOT_FOUND for the schema or the instance */
export async function findInstance(
  tx: Pick<Prisma.TransactionClient, 'dbSchema' | 'dbInstance'>,
  ref: ProjectRef,
  schemaIdentifier: string,
  identifier: string,
): Promise<{ schema: SchemaRow; instance: DbInstance }> {
  const schema = await findSchema(tx, ref, schemaIdentifier)
  const instance = await tx.dbInstance.findUnique({
    where: { accountId_schemaId_identifier: { accountId: ref.accountId, schemaId: schema.id, identifier } },
  })
  if (instance === null) {
    throw new AppError(
      'ENTITY_NOT_FOUND',
      `DB schema "${schemaIdentifier}" has no instance "${identifier}" in project "${ref.org}/${ref.project}". Look at its list of instances for the right identifier.`,
    )
  }
  return { schema, instance }
}

import { DbSchemaOut, SchemaChangelog } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { z } from 'zod'
import type { DbSchema, Prisma } from '../../generated/prisma/client.ts'

/** A project of the caller's account. */
export interface ProjectRef {
  accountId: string
  org: string
  project: string
}

export type SchemaRow = DbSchema & { _count: { instances: number } }

export const withInstanceCount = { _count: { select: { instances: true } } } as const

const TextMap = z.record(z.string(), z.string())

export function inProject(ref: ProjectRef) {
  return { accountId: ref.accountId, orgIdentifier: ref.org, projectIdentifier: ref.project }
}

export function toSchemaOut(row: SchemaRow): DbSchemaOut {
  return DbSchemaOut.parse({
    identifier: row.identifier,
    name: row.name,
    tags: TextMap.parse(row.tags),
    type: row.type,
    migrationType: row.migrationType,
    schemaSourceType: 'Git',
    changelog: SchemaChangelog.parse(row.changelog),
    service: row.service ?? undefined,
    usePercona: false,
    primaryDbInstanceId: row.primaryInstance ?? undefined,
    // oxlint-disable-next-line no-underscore-dangle -- Prisma's own name
    instanceCount: row._count.instances,
    created: row.createdAt.getTime(),
    updated: row.updatedAt.getTime(),
    version: row.version,
  })
}

export function schemaNotFound(ref: ProjectRef, identifier: string): AppError {
  return new AppError(
    'ENTITY_NOT_FOUND',
    `There is no DB schema "${identifier}" in project "${ref.org}/${ref.project}". Look at the list of schemas for the right identifier.`,
  )
}

/** @throws AppError ENTITY_NOT_FOUND */
export async function findSchema(
  tx: Pick<Prisma.TransactionClient, 'dbSchema'>,
  ref: ProjectRef,
  identifier: string,
): Promise<SchemaRow> {
  const row = await tx.dbSchema.findFirst({ where: { ...inProject(ref), identifier }, include: withInstanceCount })
  if (row === null) throw schemaNotFound(ref, identifier)
  return row
}

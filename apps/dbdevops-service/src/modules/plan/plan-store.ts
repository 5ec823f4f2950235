import { PlanDocument, type PlanSummary } from '@sluice/contracts/dbops'
import type { z } from 'zod'
import type { Plan } from '../../generated/prisma/client.ts'

/** Columns of a plan without its document, which can be megabytes. */
export const SUMMARY_COLUMNS = {
  attemptId: true,
  hash: true,
  commitSha: true,
  changelogPath: true,
  pipeline: true,
  executionId: true,
  changesetCount: true,
  statementCount: true,
  createdAt: true,
} as const

export type SummaryRow = Pick<Plan, keyof typeof SUMMARY_COLUMNS>

export function toPlanSummary(row: SummaryRow, of: { schema: string; instance: string }): z.infer<typeof PlanSummary> {
  return {
    hash: row.hash,
    commit: row.commitSha ?? undefined,
    changelogPath: row.changelogPath ?? undefined,
    dbSchema: of.schema,
    dbInstance: of.instance,
    pipeline: row.pipeline,
    planExecutionId: row.executionId,
    attemptId: row.attemptId,
    changeSetCount: row.changesetCount,
    statementCount: row.statementCount,
    created: row.createdAt.getTime(),
  }
}

export function readDocument(row: Pick<Plan, 'document'>): PlanDocument {
  return PlanDocument.parse(row.document)
}

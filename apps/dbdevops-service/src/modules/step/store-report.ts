import { PlanDocument, type StepReport } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { ChangesetReport } from '@sluice/contracts/tasks'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { toChangesetRows, type ChangesetRow } from './changeset-rows.ts'
import { openDocument } from './open-document.ts'

/** A report with 10,000 changesets takes about a second. */
const TRANSACTION_TIMEOUT_MS = 30_000

export type Disposition = 'stored' | 'duplicate'

/**
 * Stores a report: the ledger row, what it says of each changeset, the plan, and the newest state per changeset.
 * The same attempt and unit again changes nothing; an older report that arrives late does not overwrite a newer state.
 * @throws AppError ENTITY_NOT_FOUND (the instance was deleted meanwhile), INVALID_REQUEST (a broken document)
 */
export async function storeReport(
  deps: Pick<Deps, 'prisma'>,
  accountId: string,
  report: StepReport,
): Promise<Disposition> {
  const instance = await deps.prisma.dbInstance.findFirst({
    where: {
      accountId,
      id: report.instanceId,
      schemaId: report.schemaId,
      schema: { orgIdentifier: report.org, projectIdentifier: report.project },
    },
    select: { id: true },
  })
  if (instance === null) {
    throw new AppError(
      'ENTITY_NOT_FOUND',
      `The DB instance "${report.instanceId}" of attempt "${report.attemptId}" no longer exists; there is nothing to report to.`,
    )
  }
  const { attemptId, unit } = report
  const known = await deps.prisma.stepReport.findUnique({
    where: { accountId_attemptId_unit: { accountId, attemptId, unit } },
    select: { attemptId: true },
  })
  if (known !== null) return 'duplicate'
  const documents = await openDocuments(deps, accountId, report)
  const rows = toChangesetRows(documents.changesets ?? report.changesets, report)
  return deps.prisma.$transaction(
    async (tx) => {
      const { count } = await tx.stepReport.createMany({ data: [toLedgerRow(accountId, report)], skipDuplicates: true })
      if (count === 0) return 'duplicate'
      await storeChangesets(tx, accountId, report, rows)
      if (documents.plan !== undefined) await storePlan(tx, accountId, report, documents.plan)
      await updateInstance(tx, accountId, report, rows.length > 0)
      await tx.reportPiece.deleteMany({ where: { accountId, attemptId } })
      return 'stored'
    },
    { timeout: TRANSACTION_TIMEOUT_MS },
  )
}

/** The step reports the plan with its readable text; the text can be made from the plan again. */
const ReportedPlan = z.union([PlanDocument, z.object({ plan: PlanDocument }).transform(({ plan }) => plan)])

interface Documents {
  plan?: PlanDocument
  changesets?: ChangesetReport[]
}

async function openDocuments(deps: Pick<Deps, 'prisma'>, accountId: string, report: StepReport): Promise<Documents> {
  const opened: Documents = {}
  for (const document of report.documents) {
    const content = await openDocument(deps, { accountId, attemptId: report.attemptId }, document)
    switch (document.name) {
      case 'plan':
        opened.plan = parse(ReportedPlan, document.name, content)
        break
      case 'changesets':
        opened.changesets = parse(z.array(ChangesetReport), document.name, content)
        break
      case 'snapshot':
        // Snapshots are kept from the issue on that brings drift; a delegate ahead of us may send one already.
        break
    }
  }
  return opened
}

function parse<Schema extends z.ZodType>(schema: Schema, name: string, content: unknown): z.output<Schema> {
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  throw new AppError(
    'INVALID_REQUEST',
    `The document "${name}" of the report does not have its shape: ${z.prettifyError(parsed.error)}`,
  )
}

function toLedgerRow(accountId: string, report: StepReport): Prisma.StepReportCreateManyInput {
  return {
    accountId,
    attemptId: report.attemptId,
    unit: report.unit,
    instanceId: report.instanceId,
    stepIdentifier: report.stepIdentifier,
    stepType: report.stepType,
    pipeline: report.pipelineIdentifier,
    executionId: report.executionId,
    nodeExecutionId: report.nodeExecutionId,
    attempt: report.attempt,
    commitSha: report.commit,
    planHash: report.planHash,
    tag: report.tag,
    outcome: report.outcome,
    failure: report.failure === undefined ? Prisma.DbNull : toJson(report.failure),
    finishedAt: new Date(report.finishedAt),
  }
}

async function storeChangesets(
  tx: Prisma.TransactionClient,
  accountId: string,
  report: StepReport,
  rows: ChangesetRow[],
): Promise<void> {
  if (rows.length === 0) return
  const { attemptId, unit, instanceId } = report
  const json = JSON.stringify(rows)
  await tx.$executeRawUnsafe(
    `insert into changeset_report (account_id, attempt_id, unit, changeset_key, status, error)
     select $1, $2, $3, r.changeset_key, r.status, r.error
       from jsonb_to_recordset($4::jsonb) as r(changeset_key text, status text, error text)
     on conflict do nothing`,
    accountId,
    attemptId,
    unit,
    json,
  )
  await tx.$executeRawUnsafe(
    `insert into changeset_state as s (account_id, instance_id, changeset_key, changeset_id, author, path, position, state,
                                  checksum, deployed_at, order_executed, tag, error, source,
                                  command, pipeline, execution_id, attempt_id, seen_at)
     select $1, $2, r.changeset_key, r.changeset_id, r.author, r.path, r.position, r.state,
            r.checksum, r.deployed_at, r.order_executed, r.tag, r.error, r.source, $4, $5, $6, $7, $8::timestamptz
       from jsonb_to_recordset($3::jsonb) as r(changeset_key text, changeset_id text, author text, path text, position int,
              state text, checksum text, deployed_at timestamptz, order_executed int, tag text, error text, source text)
      order by r.changeset_key
     on conflict (account_id, instance_id, changeset_key) do update
        set position = excluded.position, state = excluded.state, checksum = excluded.checksum,
            deployed_at = excluded.deployed_at, order_executed = excluded.order_executed, tag = excluded.tag,
            error = excluded.error, source = excluded.source, command = excluded.command, pipeline = excluded.pipeline,
            execution_id = excluded.execution_id, attempt_id = excluded.attempt_id, seen_at = excluded.seen_at
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
  if (report.outcome === 'failed') return
  // Whoever looked at the whole changelog did not find these in it any more, and no database has run them.
  await tx.changesetState.deleteMany({
    where: {
      accountId,
      instanceId,
      source: 'changelog',
      attemptId: { not: attemptId },
      seenAt: { lt: new Date(report.finishedAt) },
    },
  })
}

async function storePlan(
  tx: Prisma.TransactionClient,
  accountId: string,
  report: StepReport,
  plan: PlanDocument,
): Promise<void> {
  await tx.plan.createMany({
    data: [
      {
        accountId,
        attemptId: report.attemptId,
        instanceId: report.instanceId,
        hash: plan.hash,
        commitSha: plan.changelog.commit ?? report.commit,
        changelogPath: plan.changelog.path,
        pipeline: report.pipelineIdentifier,
        executionId: report.executionId,
        changesetCount: plan.steps.length,
        statementCount: plan.steps.reduce((sum, step) => sum + step.statements.length, 0),
        document: toJson(plan),
        createdAt: new Date(report.finishedAt),
      },
    ],
    skipDuplicates: true,
  })
}

/** What the instance itself shows: when it was looked at, the tag of our last apply, the tag of the history's last row. */
async function updateInstance(
  tx: Prisma.TransactionClient,
  accountId: string,
  report: StepReport,
  namesChangesets: boolean,
): Promise<void> {
  // A step that failed before it could look has seen nothing.
  if (report.outcome === 'failed' && !namesChangesets) return
  const finishedAt = new Date(report.finishedAt)
  const last = await tx.changesetState.findFirst({
    where: { accountId, instanceId: report.instanceId, orderExecuted: { not: null } },
    orderBy: { orderExecuted: 'desc' },
    select: { tag: true },
  })
  const applied = report.unit === 'apply' && report.outcome === 'succeeded' && report.tag !== undefined
  await tx.dbInstance.updateMany({
    where: { accountId, id: report.instanceId, OR: [{ seenAt: null }, { seenAt: { lte: finishedAt } }] },
    data: {
      seenAt: finishedAt,
      lastDeployedTag: last?.tag ?? null,
      ...(applied ? { lastAppliedTag: report.tag } : {}),
    },
  })
}

/** JSON as Prisma takes it; the value came out of JSON. */
function toJson(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue
}

import { PlanDocument, type StepReport } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { ChangesetReport, ChangesetText } from '@sluice/contracts/tasks'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { toChangesetRows } from './changeset-rows.ts'
import { openDocument } from './open-document.ts'
import { storeChangesets } from './store-changesets.ts'
import { storeTexts } from './store-texts.ts'

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
      await storeTexts(tx, accountId, report, documents.texts ?? [], rows)
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
  texts?: ChangesetText[]
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
      case 'texts':
        opened.texts = parse(z.array(ChangesetText), document.name, content)
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

const Failed = z.object({ at: z.number() })

/**
 * What the instance itself shows: when it was looked at, how many changesets are in which state, why the last look
 * failed, the tag of our last apply, the tag of the history's last row.
 */
async function updateInstance(
  tx: Prisma.TransactionClient,
  accountId: string,
  report: StepReport,
  namesChangesets: boolean,
): Promise<void> {
  const finishedAt = new Date(report.finishedAt)
  const where = {
    accountId,
    id: report.instanceId,
    OR: [{ seenAt: null }, { seenAt: { lte: finishedAt } }],
  }
  const instance = await tx.dbInstance.findFirst({ where, select: { lastFailure: true } })
  if (instance === null) return
  const known = Failed.safeParse(instance.lastFailure)
  // Reports may arrive in any order.
  if (!known.success || known.data.at <= report.finishedAt) {
    await tx.dbInstance.updateMany({ where, data: { lastFailure: failureOf(report) } })
  }
  // A step that failed before it could look has seen nothing.
  if (report.outcome === 'failed' && !namesChangesets) return
  const last = await tx.changesetState.findFirst({
    where: { accountId, instanceId: report.instanceId, orderExecuted: { not: null } },
    orderBy: { orderExecuted: 'desc' },
    select: { tag: true },
  })
  const states = await tx.changesetState.groupBy({
    by: ['state'],
    where: { accountId, instanceId: report.instanceId },
    // oxlint-disable-next-line no-underscore-dangle -- Prisma's own name
    _count: true,
  })
  const applied = report.unit === 'apply' && report.outcome === 'succeeded' && report.tag !== undefined
  await tx.dbInstance.updateMany({
    where,
    data: {
      seenAt: finishedAt,
      // oxlint-disable-next-line no-underscore-dangle -- Prisma's own name
      stateCounts: Object.fromEntries(states.map((group) => [group.state, group._count])),
      ...(report.commit === undefined ? {} : { seenCommit: report.commit }),
      lastDeployedTag: last?.tag ?? null,
      ...(applied ? { lastAppliedTag: report.tag } : {}),
    },
  })
}

function failureOf(report: StepReport) {
  if (report.outcome === 'succeeded') return Prisma.DbNull
  const { code, message } = report.failure ?? { code: 'STEP_FAILED', message: 'The step failed and gave no reason.' }
  return { code, message, at: report.finishedAt }
}

/** JSON as Prisma takes it; the value came out of JSON. */
function toJson(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue
}

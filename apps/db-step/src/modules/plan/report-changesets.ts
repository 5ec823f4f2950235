import { status, type ChangeLog, type ChangeSetFailure, type Status } from '@sluice/changelog'
import type { ChangesetReport, DbStepSpec } from '@sluice/contracts/tasks'
import type { Driver } from '@sluice/drivers'
import type { StepContext } from '../step/step-context.ts'
import { splitContexts } from './compute-plan.ts'
import { changesetTexts } from './report-texts.ts'

/** Reads and reports the state of every changeset, of the changelog and of the history, after the step. */
export async function readStates(
  spec: DbStepSpec,
  changelog: ChangeLog,
  driver: Driver,
  context: StepContext,
  failures: readonly ChangeSetFailure[],
): Promise<{ status: Status; changesets: ChangesetReport[] }> {
  const contexts = splitContexts(spec.filters.context)
  const found = await status(driver, changelog, {
    signal: context.signal,
    ...(contexts === undefined ? {} : { contexts }),
    ...(spec.filters.labels === undefined ? {} : { labelFilter: spec.filters.labels }),
  })
  const changesets = found.changeSets.map((entry) => toReport(entry, failures, context))
  context.reporter.document('changesets', changesets)
  context.reporter.document('texts', changesetTexts(changelog, context))
  return { status: found, changesets }
}

function toReport(
  entry: Status['changeSets'][number],
  failures: readonly ChangeSetFailure[],
  context: StepContext,
): ChangesetReport {
  const { id, author, filePath } = entry.changeSet
  const failure = failures.find(
    ({ changeSet }) => changeSet.id === id && changeSet.author === author && changeSet.filePath === filePath,
  )
  // `ran` by its history row, whatever the failure says: a failed changeset leaves none.
  const isFailed = failure !== undefined && entry.state !== 'deployed'
  const deployedAt = entry.row === null ? Number.NaN : Date.parse(entry.row.dateExecuted)
  return {
    id,
    author,
    path: filePath,
    status: isFailed ? 'failed' : entry.state,
    ...(entry.checksum === null ? {} : { checksum: entry.checksum }),
    ...(entry.row?.md5sum ? { storedChecksum: entry.row.md5sum.slice(0, 64) } : {}),
    ...(Number.isNaN(deployedAt) ? {} : { deployedAt }),
    ...(entry.row === null ? {} : { orderExecuted: entry.row.orderExecuted }),
    ...(entry.row?.tag ? { tag: entry.row.tag } : {}),
    ...(isFailed ? { error: context.reporter.mask(failure.sentence).slice(0, 16_000) } : {}),
  }
}

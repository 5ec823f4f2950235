import { plan, readChangelog, type ChangeLog, type Plan } from '@sluice/changelog'
import type { Driver } from '@sluice/drivers'
import type { DbStepSpec } from '@sluice/contracts/tasks'
import type { Source } from '../fetch/run-fetch.ts'
import type { StepContext } from '../step/step-context.ts'

/** Contexts are a comma list, as in the connector's settings. */
export function splitContexts(text: string | undefined): string[] | undefined {
  const contexts = (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  return contexts.length === 0 ? undefined : contexts
}

export interface ComputedPlan {
  plan: Plan
  changelog: ChangeLog
}

/** Reads the changelog of the pinned commit. All its problems are reported at once. @throws ChangelogError. */
export async function readSource(
  spec: DbStepSpec,
  source: Source,
  driver: Driver,
  context: StepContext,
): Promise<ChangeLog> {
  const contexts = splitContexts(spec.filters.context)
  const changelog = await readChangelog(source.files, source.location, {
    dialect: driver.dialect,
    parameters: spec.filters.properties,
    signal: context.signal,
    ...(contexts === undefined ? {} : { contexts }),
    ...(spec.filters.labels === undefined ? {} : { labelFilter: spec.filters.labels }),
  })
  const files = changelog.files.length === 1 ? '1 file' : `${changelog.files.length} files`
  context.reporter.line('info', `Changelog ${source.location}: ${countOf(changelog.changeSets.length)} in ${files}`)
  return changelog
}

/** What would run on this database, computed here from the pinned commit. Changes nothing. @throws ChangelogError. */
export async function computePlan(
  spec: DbStepSpec,
  source: Source,
  driver: Driver,
  context: StepContext,
): Promise<ComputedPlan> {
  const { reporter, signal } = context
  const changelog = await readSource(spec, source, driver, context)
  const contexts = splitContexts(spec.filters.context)
  const computed = await plan(driver, changelog, {
    commit: source.commit,
    signal,
    ...(contexts === undefined ? {} : { contexts }),
    ...(spec.filters.labels === undefined ? {} : { labelFilter: spec.filters.labels }),
  })
  const deployed = computed.skipped.filter((skip) => skip.reason === 'deployed').length
  reporter.line(
    'info',
    `${countOf(computed.steps.length)} to run, ${deployed} deployed already, ${computed.skipped.length - deployed} skipped`,
  )
  for (const notice of computed.notices) reporter.line('warn', notice)
  reporter.line('info', `Plan ${computed.hash}`)
  return { plan: computed, changelog }
}

export function countOf(changeSets: number): string {
  return changeSets === 1 ? '1 changeset' : `${changeSets} changesets`
}

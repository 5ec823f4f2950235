import { hostname } from 'node:os'
import { baseline } from '@sluice/changelog'
import type { DbOperation, DbStepSpec } from '@sluice/contracts/tasks'
import { runFetch } from '../modules/fetch/run-fetch.ts'
import { countOf, readSource, splitContexts } from '../modules/plan/compute-plan.ts'
import { readStates } from '../modules/plan/report-changesets.ts'
import { runPreflight } from '../modules/preflight/run-preflight.ts'
import { inPhase } from '../modules/step/phases.ts'
import { clock, type StepContext } from '../modules/step/step-context.ts'

type BaselineOperation = Extract<DbOperation, { operation: 'baseline' }>

/** Baseline: marks pending changesets as deployed without running them, and reports the state after it. */
export async function markBaseline(spec: DbStepSpec, run: BaselineOperation, context: StepContext): Promise<unknown> {
  const { reporter, signal } = context
  const source = await inPhase(
    context,
    'git',
    () => runFetch(spec.source, context),
    ({ commit, location }) => `Commit ${commit.slice(0, 12)} has "${location}".`,
  )
  const driver = await runPreflight(spec.target, 'write', context)
  try {
    const changelog = await inPhase(
      context,
      'changelog',
      () => readSource(spec, source, driver, context),
      ({ changeSets, files }) => `${countOf(changeSets.length)} in ${files.length} files.`,
    )
    const contexts = splitContexts(spec.filters.context)
    const result = await reporter.unit('Baseline', () =>
      inPhase(
        context,
        'baseline',
        () =>
          baseline(driver, changelog, {
            clock,
            owner: `${context.attemptId} on ${hostname()}`,
            expectedCount: run.expectedCount,
            lockWaitMs: spec.lockWaitMs,
            signal,
            ...(run.upTo === undefined ? {} : { upTo: endOf(run.upTo) }),
            ...(contexts === undefined ? {} : { contexts }),
            ...(spec.filters.labels === undefined ? {} : { labelFilter: spec.filters.labels }),
          }),
        ({ marked }) => `${countOf(marked.length)} marked as deployed; none was run.`,
      ),
    )
    for (const table of result.created) reporter.line('info', `Created ${table}`)
    for (const notice of result.notices) reporter.line('warn', notice)
    reporter.output('commit', source.commit)
    reporter.output('markedCount', result.marked.length)
    return await reporter.unit('Report', async () => {
      const { status } = await inPhase(
        context,
        'history',
        () => readStates(spec, changelog, driver, context, []),
        ({ status: found }) => `${found.history.rows.length} rows in "${found.history.schema}.${found.history.table}".`,
      )
      return {
        phases: context.phases,
        commit: source.commit,
        hasHistory: status.history.exists,
        baselineCount: status.changeSets.filter(({ state, row }) => state === 'pending' && row === null).length,
        markedCount: result.marked.length,
      }
    })
  } finally {
    await driver.close()
  }
}

function endOf(upTo: NonNullable<BaselineOperation['upTo']>) {
  return 'tag' in upTo ? upTo : { id: upTo.id, author: upTo.author, filePath: upTo.fileName }
}

import type { DbStepSpec } from '@sluice/contracts/tasks'
import { runFetch } from '../modules/fetch/run-fetch.ts'
import { countOf, readSource } from '../modules/plan/compute-plan.ts'
import { readStates } from '../modules/plan/report-changesets.ts'
import { runPreflight } from '../modules/preflight/run-preflight.ts'
import { inPhase } from '../modules/step/phases.ts'
import type { StepContext } from '../modules/step/step-context.ts'

/** Status: the history and the lock beside the changelog. Reads only, and makes no table. */
export async function readStatus(spec: DbStepSpec, context: StepContext): Promise<unknown> {
  const { reporter } = context
  const source = await inPhase(
    context,
    'git',
    () => runFetch(spec.source, context),
    ({ commit, location }) => `Commit ${commit.slice(0, 12)} has "${location}".`,
  )
  const driver = await runPreflight(spec.target, 'read', context)
  try {
    return await reporter.unit('Report', async () => {
      const changelog = await inPhase(
        context,
        'changelog',
        () => readSource(spec, source, driver, context),
        ({ changeSets, files }) => `${countOf(changeSets.length)} in ${files.length} files.`,
      )
      const { status, changesets } = await inPhase(
        context,
        'history',
        () => readStates(spec, changelog, driver, context, []),
        ({ status: found }) =>
          found.history.exists
            ? `${found.history.rows.length} rows in "${found.history.schema}.${found.history.table}".`
            : `There is no table "${found.history.schema}.${found.history.table}": nothing was ever applied with a changelog.`,
      )
      const count = (state: string): number => changesets.filter((entry) => entry.status === state).length
      reporter.output('deployedCount', count('deployed'))
      reporter.output('pendingCount', count('pending'))
      reporter.output('changedCount', count('changed'))
      reporter.output('unknownCount', count('unknown'))
      reporter.output('commit', source.commit)
      reporter.line(
        'info',
        `${count('deployed')} deployed, ${count('pending')} pending, ${count('changed')} changed, ${count('unknown')} not in the changelog`,
      )
      if (status.lock.held) reporter.line('warn', `The changelog lock is held by ${status.lock.heldBy ?? 'somebody'}`)
      return {
        phases: context.phases,
        commit: source.commit,
        hasHistory: status.history.exists,
        // What always runs again is pending although it has its row.
        baselineCount: status.changeSets.filter(({ state, row }) => state === 'pending' && row === null).length,
      }
    })
  } finally {
    await driver.close()
  }
}

import type { DbStepSpec } from '@sluice/contracts/tasks'
import { runFetch } from '../modules/fetch/run-fetch.ts'
import { readSource } from '../modules/plan/compute-plan.ts'
import { readStates } from '../modules/plan/report-changesets.ts'
import { runPreflight } from '../modules/preflight/run-preflight.ts'
import type { StepContext } from '../modules/step/step-context.ts'

/** Status: the history and the lock beside the changelog. Reads only. */
export async function readStatus(spec: DbStepSpec, context: StepContext): Promise<unknown> {
  const { reporter } = context
  const source = await runFetch(spec.source, context)
  const driver = await runPreflight(spec.target, 'read', context)
  try {
    return await reporter.unit('Report', async () => {
      const changelog = await readSource(spec, source, driver, context)
      const { status, changesets } = await readStates(spec, changelog, driver, context, [])
      const count = (state: string): number => changesets.filter((entry) => entry.status === state).length
      reporter.document('changesets', changesets)
      reporter.output('deployedCount', count('deployed'))
      reporter.output('pendingCount', count('pending'))
      reporter.output('changedCount', count('changed'))
      reporter.output('commit', source.commit)
      reporter.line('info', `${count('deployed')} deployed, ${count('pending')} pending, ${count('changed')} changed`)
      if (status.lock.held) reporter.line('warn', `The changelog lock is held by ${status.lock.heldBy ?? 'somebody'}`)
      return { database: status.database, lock: status.lock, commit: source.commit }
    })
  } finally {
    await driver.close()
  }
}

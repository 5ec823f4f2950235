import { planSql } from '@sluice/changelog'
import type { DbStepSpec } from '@sluice/contracts/tasks'
import { runFetch } from '../modules/fetch/run-fetch.ts'
import { computePlan } from '../modules/plan/compute-plan.ts'
import { readStates } from '../modules/plan/report-changesets.ts'
import { runPreflight } from '../modules/preflight/run-preflight.ts'
import type { StepContext } from '../modules/step/step-context.ts'

/** Outputs that expressions see are bounded; the whole text is in the plan. */
const SQL_OUTPUT_CHARACTERS = 200_000

/** Preview: what an apply would run on this database now. Changes nothing and needs only read rights. */
export async function preview(spec: DbStepSpec, context: StepContext): Promise<unknown> {
  const { reporter } = context
  const source = await runFetch(spec.source, context)
  const driver = await runPreflight(spec.target, 'read', context)
  try {
    const { plan, changelog, sql } = await reporter.unit('Plan', async () => {
      const computed = await computePlan(spec, source, driver, context)
      const text = planSql(computed.plan)
      reporter.line('info', text)
      return { ...computed, sql: text }
    })
    return await reporter.unit('Report', async () => {
      const { changesets } = await readStates(spec, changelog, driver, context, [])
      const isCut = sql.length > SQL_OUTPUT_CHARACTERS
      reporter.output(
        'sqlCommands',
        isCut ? `${sql.slice(0, SQL_OUTPUT_CHARACTERS)}\n-- cut: the plan holds the rest` : sql,
      )
      reporter.output('planHash', plan.hash)
      reporter.output('changeSetCount', plan.steps.length)
      reporter.output('skippedCount', plan.skipped.length)
      reporter.output('commit', source.commit)
      reporter.document('plan', { plan, sql })
      reporter.line(
        'info',
        `${changesets.filter((entry) => entry.status === 'pending').length} pending after this preview; nothing was changed`,
      )
      return { planHash: plan.hash, commit: source.commit, changeSetCount: plan.steps.length }
    })
  } finally {
    await driver.close()
  }
}

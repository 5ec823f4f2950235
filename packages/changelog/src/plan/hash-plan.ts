import { createHash } from 'node:crypto'
import type { Plan } from './plan.ts'

/**
 * The hash of what a plan would do: the same for the same statements on the same database with the same settings, at
 * whatever time it is made and whatever else the history holds.
 */
export function hashPlan(plan: Omit<Plan, 'hash'>): string {
  const decisive = {
    version: plan.version,
    path: plan.changelog.path,
    commit: plan.changelog.commit,
    database: [plan.database.dialect, plan.database.systemIdentifier, plan.database.database, plan.database.schema],
    session: [plan.session.role, plan.session.searchPath, plan.session.lockTimeoutMs],
    history: [plan.history.schema, plan.history.table, plan.history.lockTable],
    contexts: plan.contexts,
    labelFilter: plan.labelFilter,
    tag: plan.tag,
    steps: plan.steps.map((step) => [
      identity(step.changeSet),
      step.action,
      step.checksum,
      step.description,
      step.comments,
      step.contexts,
      step.labels,
      step.inTransaction,
      step.failOnError,
      step.tag,
      step.preconditions === null
        ? null
        : [step.preconditions.conditions, step.preconditions.onFail, step.preconditions.onError],
      step.statements.map(({ sql }) => sql),
    ]),
    checksumUpgrades: plan.checksumUpgrades.map((upgrade) => [identity(upgrade.changeSet), upgrade.from, upgrade.to]),
  }
  return createHash('sha256').update(JSON.stringify(decisive)).digest('hex')
}

function identity(changeSet: Plan['unknown'][number]): string[] {
  return [changeSet.id, changeSet.author, changeSet.filePath]
}

import { formatChangeSetId } from '../model/change-log.ts'
import { formatPosition } from '../model/position.ts'
import type { Plan } from './plan.ts'

/** The SQL of a plan as text for people: each changeset with its place, then its statements. */
export function planSql(plan: Plan): string {
  const head = [
    `-- Changelog: ${plan.changelog.path}${plan.changelog.commit === null ? '' : ` at ${plan.changelog.commit}`}`,
    `-- Database:  ${plan.database.database}, schema ${plan.database.schema} (${plan.database.dialect} ${plan.database.version})`,
    `-- Plan:      ${plan.hash}`,
    `-- ${plan.steps.length} to run, ${plan.skipped.length} passed over`,
  ]
  const steps = plan.steps.map((step) => {
    const lines = [`-- Changeset ${formatChangeSetId(step.changeSet)} (${formatPosition(step.at)}; ${step.reason})`]
    if (step.comments !== '') lines.push(...step.comments.split('\n').map((line) => `-- ${line}`))
    if (!step.inTransaction) lines.push('-- runs outside a transaction')
    for (const condition of step.preconditions?.conditions ?? [])
      lines.push(`-- Precondition: ${condition.replaceAll('\n', ' ')}`)
    for (const { sql } of step.statements) lines.push(terminated(sql))
    return lines.join('\n')
  })
  return `${[head.join('\n'), ...steps].join('\n\n')}\n`
}

function terminated(sql: string): string {
  if (/;\s*$/.test(sql)) return sql
  // A semicolon after a comment at the end would be part of it.
  return /--[^\n]*$/.test(sql) ? `${sql}\n;` : `${sql};`
}

import type { PlanDocument } from '@sluice/contracts/dbops-state'
import { isRecord } from '../../api/problem.ts'
import { textAt } from './step-facts.ts'

export interface PlannedChangeset {
  id: string
  author: string
  file: string
  line: number | undefined
  comment: string | undefined
  /** What is unusual about how it runs. */
  notes: string[]
  sql: string
}

export interface ReadPlan {
  changesets: PlannedChangeset[]
  skippedCount: number
  notices: string[]
}

/**
 * Reads the engine's plan for people. What the control plane does not know of it (places, comments, notices) is read
 * where it is there: an engine of another version may leave it out.
 */
export function readPlan(plan: PlanDocument): ReadPlan {
  const { skipped, notices } = plan
  return {
    changesets: plan.steps.map(({ changeSet, statements, ...rest }) => ({
      id: changeSet.id,
      author: changeSet.author,
      file: changeSet.filePath,
      line: lineOf(rest['at']),
      comment: textAt(rest, 'comments'),
      notes: notesOf(rest),
      sql: statements.map(({ sql }) => terminated(sql)).join('\n\n'),
    })),
    skippedCount: Array.isArray(skipped) ? skipped.length : 0,
    notices: Array.isArray(notices) ? notices.filter((notice) => typeof notice === 'string') : [],
  }
}

function lineOf(at: unknown): number | undefined {
  return isRecord(at) && typeof at['line'] === 'number' ? at['line'] : undefined
}

function notesOf(step: Record<string, unknown>): string[] {
  const notes: string[] = []
  if (step['action'] === 'rerun') notes.push('runs again')
  if (step['inTransaction'] === false) notes.push('outside a transaction')
  if (step['failOnError'] === false) notes.push('may fail')
  const contexts = textAt(step, 'contexts')
  if (contexts !== undefined) notes.push(`context ${contexts}`)
  const labels = textAt(step, 'labels')
  if (labels !== undefined) notes.push(`labels ${labels}`)
  const tag = textAt(step, 'tag')
  if (tag !== undefined) notes.push(`tags ${tag}`)
  if (isRecord(step['preconditions'])) notes.push('has preconditions')
  return notes
}

function terminated(sql: string): string {
  const text = sql.trimEnd()
  return text.endsWith(';') ? text : `${text};`
}

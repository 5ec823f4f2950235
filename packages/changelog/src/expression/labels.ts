import { matchExpression, parseExpression } from './match-expression.ts'

/**
 * Whether a changeset's labels pass the run's label filter: the changeset holds the set, the run gives the expression.
 * A changeset without labels passes every filter.
 */
export function labelsMatch(labels: string, filter: string | undefined): boolean {
  const set = splitLabels(labels)
  if (filter === undefined || filter.trim() === '' || set.length === 0) return true
  return matchExpression(filter, set, false)
}

/** @throws SyntaxError with a sentence when a label filter can't be read. */
export function checkLabelFilter(filter: string | undefined): void {
  if (filter !== undefined && filter.trim() !== '') parseExpression(filter)
}

/** Labels as the history table stores them: lower-cased, each once, joined by commas, those of includes first. */
export function joinLabels(labels: readonly string[]): string {
  return [...new Set(labels.flatMap(splitLabels))].join(',')
}

function splitLabels(labels: string): string[] {
  return labels
    .toLowerCase()
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '')
}

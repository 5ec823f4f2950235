import { ChangelogError } from '../error.ts'
import { checkLabelFilter } from './labels.ts'

/** @throws ChangelogError INVALID_FILTER when the run's label filter can't be read. */
export function checkFilter(labelFilter: string | undefined): void {
  try {
    checkLabelFilter(labelFilter)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ChangelogError('INVALID_FILTER', `The label filter can't be read: ${error.message}. Correct it`)
  }
}

import { createHash } from 'node:crypto'
import type { Dialect } from '@sluice/drivers/driver'
import { ChangelogError, problemsError, type Problem } from '../error.ts'
import { checkFilter } from '../expression/check-filter.ts'
import { Properties } from '../expression/properties.ts'
import type { Files } from '../files.ts'
import type { ChangeLog, ChangeSet } from '../model/change-log.ts'
import { formatPosition } from '../model/position.ts'
import { ChangeLogReader } from './change-log-reader.ts'
import { normalisePath } from './path.ts'

export interface ReadOptions {
  dialect: Dialect
  /** Contexts and label filter of the run: properties may be bound to them. */
  contexts?: readonly string[]
  labelFilter?: string
  /** Values for `${name}`, before those of the changelog itself. */
  parameters?: Readonly<Record<string, string>>
  signal?: AbortSignal
}

/**
 * Reads a changelog and everything it includes: formatted SQL, plain SQL, YAML and JSON.
 * @param path the root file, from the root of the sources.
 * @throws ChangelogError CHANGELOG_NOT_FOUND; INVALID_FILTER; CHANGELOG_INVALID with every problem found, each with file, line and column.
 */
export async function readChangelog(files: Files, path: string, options: ReadOptions): Promise<ChangeLog> {
  checkFilter(options.labelFilter)
  const root = normalisePath(path)
  const problems: Problem[] = []
  const notices: string[] = []
  const reader = new ChangeLogReader(
    files,
    {
      dialect: options.dialect,
      contexts: options.contexts ?? [],
      labelFilter: options.labelFilter,
      properties: new Properties(options.parameters),
      report: (problem) => problems.push(problem),
      notice: (at, sentence) => notices.push(`${formatPosition(at)}: ${sentence}`),
    },
    options.signal,
  )
  if (root === undefined || root === '' || !(await reader.readRoot(root))) {
    throw new ChangelogError(
      'CHANGELOG_NOT_FOUND',
      `There is no file "${path}" in the sources. Check the path of the changelog and the branch or commit`,
      {
        details: { path },
      },
    )
  }
  if (problems.length > 0) throw problemsError('CHANGELOG_INVALID', `The changelog "${path}" can't be read:`, problems)
  return {
    path: root,
    dialect: options.dialect,
    changeSets: inRunOrder(reader.changeSets),
    preconditions: reader.preconditions,
    files: [...reader.contents.keys()],
    digest: digest(reader.contents, options.parameters ?? {}),
    notices,
  }
}

function inRunOrder(changeSets: readonly ChangeSet[]): ChangeSet[] {
  return [
    ...changeSets.filter((changeSet) => changeSet.runOrder === 'first'),
    ...changeSets.filter((changeSet) => changeSet.runOrder === null),
    ...changeSets.filter((changeSet) => changeSet.runOrder === 'last'),
  ]
}

function digest(contents: ReadonlyMap<string, string>, parameters: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256')
  for (const [path, content] of contents) hash.update(`${path.length}:${path}${content.length}:${content}`)
  const sorted = Object.entries(parameters).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return hash.update(JSON.stringify(sorted)).digest('hex')
}

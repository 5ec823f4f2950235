import type { ChangelogCandidate } from '@sluice/contracts/tasks'

const CANDIDATES_MAX = 50
const SCORE_MIN = 30
/** Folders that hold other people's files, or configuration of other tools. */
const FOREIGN = /(^|\/)(node_modules|vendor|target|build|dist|\.[^/]+)\//
const DATABASE_FOLDER = /(^|\/)(db|database|databases|liquibase|changelogs?|migrations?|schema|sql)(\/|$)/i
const FORMATS: Record<string, ChangelogCandidate['format']> = {
  yaml: 'yaml',
  yml: 'yaml',
  xml: 'xml',
  json: 'json',
  sql: 'sql',
}

/** Files and folders that look like a changelog by their names, best first. Pure. */
export function findChangelogs(paths: readonly string[]): ChangelogCandidate[] {
  const own = paths.filter((path) => !FOREIGN.test(path))
  const files = own.flatMap((path) => fileCandidate(path) ?? [])
  return [...files, ...folderCandidates(own)]
    .toSorted((one, other) => other.score - one.score || one.path.localeCompare(other.path, 'en'))
    .slice(0, CANDIDATES_MAX)
}

function fileCandidate(path: string): ChangelogCandidate | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const format = FORMATS[name.slice(name.lastIndexOf('.') + 1)]
  if (format === undefined) return undefined
  const bare = name.slice(0, name.lastIndexOf('.'))
  let score = placeScore(path)
  if (/change-?log/.test(bare)) score += 50
  if (/(^|[-_.])(master|root|main|all)([-_.]|$)/.test(bare)) score += 30
  if (/change-?set|migration|^v\d/.test(bare)) score += 5
  // One SQL file of many is a part; its folder or a master file is the changelog.
  if (format === 'sql' && !/change-?log/.test(bare)) score -= 20
  return score < SCORE_MIN ? undefined : { path, format, score }
}

/** A folder of SQL files can be a changelog by itself: they run in the order of their names. */
function folderCandidates(paths: readonly string[]): ChangelogCandidate[] {
  const counts = new Map<string, number>()
  for (const path of paths) {
    const slash = path.lastIndexOf('/')
    if (slash === -1 || !path.toLowerCase().endsWith('.sql')) continue
    const folder = path.slice(0, slash)
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  return [...counts].flatMap(([path, files]) => {
    if (files < 2) return []
    const score = 15 + placeScore(path)
    return score < SCORE_MIN ? [] : [{ path, format: 'folder' as const, score }]
  })
}

/** Where databases are usually described, and not deep down. */
function placeScore(path: string): number {
  const depth = path.split('/').length - 1
  return (DATABASE_FOLDER.test(path) ? 20 : 0) - 2 * depth
}

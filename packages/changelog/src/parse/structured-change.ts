import { isBuiltChange, isKnownChange } from '../change/change-types.ts'
import type { Change, SqlBlock } from '../model/change-log.ts'
import type { SourceText } from '../model/source-text.ts'
import { flagOf, requiredText, sourceOf, textOf } from './fields.ts'
import { items, type MapEntry, type Node } from './node.ts'
import { resolvePath } from './path.ts'
import { expandSource, type FileScope } from './scope.ts'

/** Reads a file that a change names. @returns undefined when it isn't there. */
export type ReadSource = (path: string) => Promise<SourceText | undefined>

/** The changes of a `changes:` or `rollback:` node: a list of one-key maps, or one map. */
export async function readChanges(node: Node | undefined, scope: FileScope, readSource: ReadSource): Promise<Change[]> {
  const changes: Change[] = []
  for (const item of items(node)) {
    if (item.kind !== 'map') {
      scope.reading.report({
        code: 'INVALID_CHANGE',
        at: item.at,
        sentence: 'a change is written as "- <type>: {…}", e.g. "- sql: SELECT 1"',
      })
      continue
    }
    for (const entry of item.entries) {
      const change = await readChange(entry, scope, readSource)
      if (change !== undefined) changes.push(change)
    }
  }
  return changes
}

async function readChange(
  { key, keyAt: at, value }: MapEntry,
  scope: FileScope,
  readSource: ReadSource,
): Promise<Change | undefined> {
  if (!isBuiltChange(key)) {
    if (isKnownChange(key)) return { kind: 'unbuilt', at, name: key }
    scope.reading.report({
      code: 'UNKNOWN_CHANGE',
      at,
      sentence: `"${key}" is no change type. Check its spelling and capitals`,
    })
    return undefined
  }
  switch (key) {
    case 'sql': {
      const text = value.kind === 'scalar' ? value.text : sourceOf(value, 'sql')
      if (text === undefined || text === null || text.text.trim() === '') {
        scope.reading.report({
          code: 'MISSING_FIELD',
          at,
          sentence: 'the change "sql" needs "sql" with the SQL to run',
        })
        return undefined
      }
      const block = readBlock(expandSource(scope, text.trim()), value, scope)
      return { kind: 'sql', at, block, dbms: textOf(scope, value, 'dbms') ?? null }
    }
    case 'sqlFile':
      return readSqlFile(at, value, scope, readSource)
    case 'tagDatabase': {
      const tag = value.kind === 'scalar' ? undefined : requiredText(scope, value, 'tag', 'the change "tagDatabase"')
      if (value.kind === 'scalar') {
        scope.reading.report({
          code: 'MISSING_FIELD',
          at,
          sentence: 'the change "tagDatabase" needs "tag" with the name of the tag',
        })
      }
      return tag === undefined ? undefined : { kind: 'tagDatabase', at, tag }
    }
    case 'empty':
      return { kind: 'empty', at }
  }
}

async function readSqlFile(
  at: Node['at'],
  value: Node,
  scope: FileScope,
  readSource: ReadSource,
): Promise<Change | undefined> {
  if (value.kind !== 'map') {
    scope.reading.report({
      code: 'MISSING_FIELD',
      at,
      sentence: 'the change "sqlFile" needs "path" with the file to run',
    })
    return undefined
  }
  const written = requiredText(scope, value, 'path', 'the change "sqlFile"')
  if (written === undefined) return undefined
  const encoding = textOf(scope, value, 'encoding')
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
    scope.reading.report({
      code: 'NOT_BUILT',
      at,
      sentence: `encoding "${encoding}" is not built yet. Save the file as UTF-8`,
    })
    return undefined
  }
  const path = resolvePath(scope.path, written, flagOf(scope, value, false, 'relativeToChangelogFile'))
  if (path === undefined) {
    scope.reading.report({
      code: 'PATH_OUTSIDE',
      at,
      sentence: `"${written}" leads out of the sources. Name a file below their root`,
    })
    return undefined
  }
  const source = await readSource(path)
  if (source === undefined) {
    const hint = 'Paths count from the root of the sources, or with relativeToChangelogFile: true from this file'
    scope.reading.report({ code: 'FILE_NOT_FOUND', at, sentence: `there is no file "${path}". ${hint}` })
    return undefined
  }
  const block = readBlock(expandSource(scope, source), value, scope)
  return { kind: 'sqlFile', at, path: written, block, dbms: textOf(scope, value, 'dbms') ?? null, raw: source.text }
}

function readBlock(text: SourceText, node: Node, scope: FileScope): SqlBlock {
  return {
    text,
    splitStatements: flagOf(scope, node, true, 'splitStatements'),
    stripComments: flagOf(scope, node, false, 'stripComments'),
    endDelimiter: textOf(scope, node, 'endDelimiter') ?? null,
    grammar: 'liquibase',
  }
}

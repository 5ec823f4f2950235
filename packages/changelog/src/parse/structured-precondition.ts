import type { Precondition, Preconditions } from '../model/change-log.ts'
import { requiredText, sourceOf, textOf } from './fields.ts'
import { readOutcome } from './formatted-sql-precondition.ts'
import { items, type MapEntry, type Node } from './node.ts'
import { expandSource, type FileScope } from './scope.ts'

const SETTINGS = new Set(['onFail', 'onError', 'onFailMessage', 'onErrorMessage', 'onSqlOutput', 'onUpdateSQL'])
const OTHERS = new Set(
  (
    'runningAs changeSetExecuted columnExists foreignKeyConstraintExists indexExists sequenceExists primaryKeyExists ' +
    'uniqueConstraintExists rowCount tableIsEmpty changeLogPropertyDefined expectedQuotingStrategy customPrecondition'
  ).split(' '),
)

/** Reads `preConditions`: a list of one-key maps, or one map. Settings may stand among the conditions. */
export function readPreconditions(node: Node, scope: FileScope): Preconditions {
  const entries = entriesOf(node)
  const setting = (name: string) => textOf(scope, { kind: 'map', at: node.at, entries }, name)
  return {
    at: node.at,
    of: readConditions(entries, scope),
    onFail: readOutcome(setting('onFail'), 'onFail', node.at, scope),
    onError: readOutcome(setting('onError'), 'onError', node.at, scope),
    onFailMessage: setting('onFailMessage') ?? null,
    onErrorMessage: setting('onErrorMessage') ?? null,
  }
}

function readConditions(entries: readonly MapEntry[], scope: FileScope): Precondition[] {
  return entries
    .filter((candidate) => !SETTINGS.has(candidate.key))
    .map((candidate) => readCondition(candidate, scope))
    .filter((condition) => condition !== undefined)
}

function readCondition({ key, keyAt: at, value }: MapEntry, scope: FileScope): Precondition | undefined {
  switch (key) {
    case 'and':
    case 'or':
    case 'not':
      return { kind: key, at, of: readConditions(entriesOf(value), scope) }
    case 'dbms': {
      const type = requiredText(scope, value, 'type', 'the precondition "dbms"')
      return type === undefined ? undefined : { kind: 'dbms', at, type }
    }
    case 'sqlCheck': {
      const expectedResult = requiredText(scope, value, 'expectedResult', 'the precondition "sqlCheck"')
      const sql = sourceOf(value, 'sql')
      if (sql === undefined) requiredText(scope, value, 'sql', 'the precondition "sqlCheck"')
      return expectedResult === undefined || sql === undefined
        ? undefined
        : { kind: 'sqlCheck', at, expectedResult, sql: expandSource(scope, sql.trim()) }
    }
    case 'tableExists': {
      const tableName = requiredText(scope, value, 'tableName', 'the precondition "tableExists"')
      return tableName === undefined
        ? undefined
        : { kind: 'tableExists', at, tableName, schemaName: textOf(scope, value, 'schemaName') ?? null }
    }
    case 'viewExists': {
      const viewName = requiredText(scope, value, 'viewName', 'the precondition "viewExists"')
      return viewName === undefined
        ? undefined
        : { kind: 'viewExists', at, viewName, schemaName: textOf(scope, value, 'schemaName') ?? null }
    }
    default:
      if (OTHERS.has(key)) return { kind: 'unbuilt', at, name: key }
      scope.reading.report({
        code: 'UNKNOWN_PRECONDITION',
        at,
        sentence: `"${key}" is no precondition. Check its spelling`,
      })
      return undefined
  }
}

function entriesOf(node: Node): MapEntry[] {
  return items(node).flatMap((item) => (item.kind === 'map' ? item.entries : []))
}

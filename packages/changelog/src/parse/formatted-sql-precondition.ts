import type { Precondition, PreconditionOutcome, Preconditions } from '../model/change-log.ts'
import { PRECONDITION_OUTCOMES } from '../model/change-log.ts'
import type { Position } from '../model/position.ts'
import type { SourceText } from '../model/source-text.ts'
import { attribute } from './formatted-sql-directive.ts'
import { expandSource, type FileScope } from './scope.ts'

/** `--preconditions onFail:… onError:… onFailMessage:"…"`: the frame around those that follow. */
export function readFormattedPreconditions(attributes: string, at: Position, scope: FileScope): Preconditions {
  return {
    at,
    of: [],
    onFail: readOutcome(attribute(attributes, 'onFail'), 'onFail', at, scope),
    onError: readOutcome(attribute(attributes, 'onError'), 'onError', at, scope),
    onFailMessage: attribute(attributes, 'onFailMessage') ?? null,
    onErrorMessage: attribute(attributes, 'onErrorMessage') ?? null,
  }
}

/** @returns the outcome named, HALT for none; reports a word that is none of them. */
export function readOutcome(
  text: string | undefined,
  name: string,
  at: Position,
  scope: FileScope,
): PreconditionOutcome {
  if (text === undefined) return 'HALT'
  const outcome = PRECONDITION_OUTCOMES.find((candidate) => candidate === text.toUpperCase())
  if (outcome !== undefined) return outcome
  scope.reading.report({
    code: 'INVALID_VALUE',
    at,
    sentence: `${name}:"${text}" is none of ${PRECONDITION_OUTCOMES.join(', ')}`,
  })
  return 'HALT'
}

/** The body of `--precondition-<name> …`. @returns undefined after reporting what is wrong with it. */
export function readFormattedPrecondition(
  name: string,
  body: SourceText,
  at: Position,
  scope: FileScope,
): Precondition | undefined {
  const text = body.text
  switch (name) {
    case 'sql-check': {
      const match = /^expectedResult:\s*(?:"([^"]*)"|'([^']*)'|(\S+))\s+(?=\S)/i.exec(text)
      if (match === null) return reportCheck(at, scope, text)
      const expectedResult = match[1] ?? match[2] ?? match[3] ?? ''
      return { kind: 'sqlCheck', at, expectedResult, sql: expandSource(scope, body.slice(match[0].length)) }
    }
    case 'table-exists': {
      const tableName = attribute(text, 'table')
      if (tableName === undefined) return reportMissing(at, scope, name, 'table:<name>')
      return { kind: 'tableExists', at, tableName, schemaName: attribute(text, 'schema') ?? null }
    }
    case 'view-exists': {
      const viewName = attribute(text, 'view')
      if (viewName === undefined) return reportMissing(at, scope, name, 'view:<name>')
      return { kind: 'viewExists', at, viewName, schemaName: attribute(text, 'schema') ?? null }
    }
    default:
      scope.reading.report({
        code: 'UNKNOWN_PRECONDITION',
        at,
        sentence: `"--precondition-${name}" is not known in formatted SQL. There are sql-check, table-exists and view-exists`,
      })
      return undefined
  }
}

function reportCheck(at: Position, scope: FileScope, text: string): undefined {
  const sentence = `"${text}" is not a check. Write "--precondition-sql-check expectedResult:<value> SELECT …"`
  scope.reading.report({ code: 'MALFORMED_DIRECTIVE', at, sentence })
}

function reportMissing(at: Position, scope: FileScope, name: string, wanted: string): undefined {
  scope.reading.report({ code: 'MALFORMED_DIRECTIVE', at, sentence: `"--precondition-${name}" needs ${wanted}` })
}

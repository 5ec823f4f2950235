import type { Dialect } from '@sluice/drivers/driver'
import type { Problem } from '../error.ts'
import { contextsMatch, joinContexts } from '../expression/contexts.ts'
import { dbmsMatches } from '../expression/dbms.ts'
import { joinLabels, labelsMatch } from '../expression/labels.ts'
import type { Properties } from '../expression/properties.ts'
import type { SourceText } from '../model/source-text.ts'
import type { Position } from '../model/position.ts'

/** What one reading of a changelog shares between its files. */
export interface Reading {
  dialect: Dialect
  contexts: readonly string[]
  labelFilter: string | undefined
  properties: Properties
  report(problem: Problem): void
  notice(at: Position, sentence: string): void
}

/** Where a file stands in the tree of includes. */
export interface FileScope {
  reading: Reading
  /** The physical path. */
  path: string
  /** The path that its changesets get, unless the file or the changeset says otherwise. */
  logicalPath: string
  /** Contexts around its changesets, in the order in which the history table joins them. */
  contexts: readonly string[]
  labels: readonly string[]
  ignore: boolean
}

/** `${name}` as the file sees it. */
export function expand(scope: FileScope, text: string): string {
  return scope.reading.properties.expand(text, [scope.path])
}

export function expandSource(scope: FileScope, text: SourceText): SourceText {
  return scope.reading.properties.expandSource(text, [scope.path])
}

/** Contexts of a changeset with those around it; reports an expression that can't be read. */
export function fullContexts(scope: FileScope, own: string, at: Position): string {
  const all = joinContexts([...scope.contexts, own])
  try {
    contextsMatch(all, [])
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    scope.reading.report({ code: 'INVALID_CONTEXT', at, sentence: error.message })
    return ''
  }
  return all
}

export function fullLabels(scope: FileScope, own: string): string {
  return joinLabels([...scope.labels, own])
}

export interface PropertyDefinition {
  name: string
  value: string
  dbms: string | null
  contexts: string
  labels: string
  global: boolean
}

/** Defines a property where its filters let it. */
export function defineProperty(scope: FileScope, definition: PropertyDefinition, at: Position): void {
  const { reading } = scope
  if (!dbmsMatches(definition.dbms, reading.dialect) || !labelsMatch(definition.labels, reading.labelFilter)) return
  try {
    if (!contextsMatch(definition.contexts, reading.contexts)) return
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    reading.report({ code: 'INVALID_CONTEXT', at, sentence: error.message })
    return
  }
  reading.properties.define(definition.name, definition.value, definition.global ? undefined : scope.path)
}

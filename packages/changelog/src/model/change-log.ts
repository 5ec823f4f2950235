import type { Dialect } from '@sluice/drivers/driver'
import type { Position } from './position.ts'
import type { SourceText } from './source-text.ts'

/** Who a changeset is, as Liquibase counts it: all three together. `filePath` is the logical path where one is given. */
export interface ChangeSetId {
  id: string
  author: string
  filePath: string
}

/** `db/a.sql::1::bob`, the form that Liquibase prints. */
export function formatChangeSetId(changeSet: ChangeSetId): string {
  return `${changeSet.filePath}::${changeSet.id}::${changeSet.author}`
}

/** SQL and how to cut it into statements. */
export interface SqlBlock {
  text: SourceText
  splitStatements: boolean
  stripComments: boolean
  endDelimiter: string | null
  /** `liquibase`: its rules, with `go`, `/` and BEGIN … END; `database`: the database's own, for plain SQL files. */
  grammar: 'liquibase' | 'database'
}

export type Change =
  | { kind: 'sql'; at: Position; block: SqlBlock; dbms: string | null }
  | {
      kind: 'sqlFile'
      at: Position
      path: string
      block: SqlBlock
      dbms: string | null
      /** as it is in the file */ raw: string
    }
  | { kind: 'tagDatabase'; at: Position; tag: string }
  | { kind: 'empty'; at: Position }
  | { kind: 'unbuilt'; at: Position; name: string }

export type Precondition =
  | { kind: 'and' | 'or' | 'not'; at: Position; of: readonly Precondition[] }
  | { kind: 'dbms'; at: Position; type: string }
  | { kind: 'sqlCheck'; at: Position; expectedResult: string; sql: SourceText }
  | { kind: 'tableExists'; at: Position; schemaName: string | null; tableName: string }
  | { kind: 'viewExists'; at: Position; schemaName: string | null; viewName: string }
  | { kind: 'unbuilt'; at: Position; name: string }

export const PRECONDITION_OUTCOMES = ['HALT', 'CONTINUE', 'MARK_RAN', 'WARN'] as const
export type PreconditionOutcome = (typeof PRECONDITION_OUTCOMES)[number]

/** All of `of` must hold. */
export interface Preconditions {
  at: Position
  of: readonly Precondition[]
  onFail: PreconditionOutcome
  onError: PreconditionOutcome
  onFailMessage: string | null
  onErrorMessage: string | null
}

export type Rollback =
  | { kind: 'nothing'; at: Position }
  | { kind: 'changes'; at: Position; changes: readonly Change[] }
  | { kind: 'changeSet'; at: Position; changeSet: ChangeSetId }

export interface ChangeSet extends ChangeSetId {
  /** The header's place in the physical file. */
  at: Position
  /** The full expression with those of the includes around it, as the history table stores it; empty for none. */
  contexts: string
  /** Lower-cased, comma-separated, with those of the includes; empty for none. */
  labels: string
  /** Comma list of databases, null for all. */
  dbms: string | null
  runOnChange: boolean
  runAlways: boolean
  runInTransaction: boolean
  failOnError: boolean
  ignore: boolean
  runOrder: 'first' | 'last' | null
  comment: string
  validCheckSums: readonly string[]
  preconditions: Preconditions | null
  changes: readonly Change[]
  rollback: Rollback | null
}

export interface ChangeLog {
  /** The root file. */
  path: string
  dialect: Dialect
  /** In the order in which they run. */
  changeSets: readonly ChangeSet[]
  preconditions: readonly Preconditions[]
  /** Every file read, in the order of reading. */
  files: readonly string[]
  /** SHA-256 (hex) over the paths and contents of those files and over the given parameters. */
  digest: string
  /** What the reader let pass but a person may want to know. */
  notices: readonly string[]
}

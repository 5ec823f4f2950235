import type { ChangeSet, Preconditions, Rollback, SqlBlock } from '../model/change-log.ts'
import type { Position } from '../model/position.ts'
import { SourceText } from '../model/source-text.ts'
import { attribute, bareAttribute, flag, readLine, type Line } from './formatted-sql-directive.ts'
import { readFormattedPrecondition, readFormattedPreconditions } from './formatted-sql-precondition.ts'
import { normalisePath } from './path.ts'
import { defineProperty, expand, expandSource, fullContexts, fullLabels, type FileScope } from './scope.ts'

/** A changeset while its lines are being read. */
interface Draft {
  author: string
  id: string
  attributes: string
  at: Position
  sql: SourceText[]
  rollback: SourceText[]
  rollbackAt: Position | null
  comment: string
  validCheckSums: string[]
  preconditions: Preconditions | null
}

/**
 * Reads formatted SQL, as strict as Liquibase about directives that are nearly right.
 * @param headerAttributes what follows `--liquibase formatted sql`.
 */
export function readFormattedSql(source: SourceText, headerAttributes: string, scope: FileScope): ChangeSet[] {
  const ownPath = attribute(headerAttributes, 'logicalFilePath')
  const file: FileScope =
    ownPath === undefined ? scope : { ...scope, logicalPath: normalisePath(expand(scope, ownPath)) ?? ownPath }
  return new FormattedSqlReader(source, file).read()
}

class FormattedSqlReader {
  readonly #source: SourceText
  readonly #scope: FileScope
  readonly #changeSets: ChangeSet[] = []
  #draft: Draft | undefined
  #ignore: number | 'block' = 0
  #inRollbackBlock = false
  #strayReported = false

  constructor(source: SourceText, scope: FileScope) {
    this.#source = source
    this.#scope = scope
  }

  read(): ChangeSet[] {
    const { text } = this.#source
    for (let start = 0; start < text.length;) {
      const newline = text.indexOf('\n', start)
      const end = newline === -1 ? text.length : newline + 1
      this.#line(this.#source.slice(start, end))
      start = end
    }
    this.#finish()
    return this.#changeSets
  }

  #line(line: SourceText): void {
    if (this.#inRollbackBlock) {
      if (/\*\/\s*$/.test(line.text)) this.#inRollbackBlock = false
      else this.#draft?.rollback.push(line)
      return
    }
    const read = readLine(line.text.replace(/\n$/, ''))
    if (this.#ignore !== 0) {
      if (this.#ignore === 'block') {
        if (read.kind === 'ignoreLines' && read.lines === 'end') this.#ignore = 0
      } else this.#ignore -= 1
      return
    }
    this.#directive(read, line)
  }

  #directive(read: Line, line: SourceText): void {
    const at = line.at(line.text.search(/\S|$/))
    switch (read.kind) {
      case 'changeSet':
        this.#finish()
        this.#draft = {
          author: read.author,
          id: read.id,
          attributes: read.attributes,
          at,
          sql: [],
          rollback: [],
          rollbackAt: null,
          comment: '',
          validCheckSums: [],
          preconditions: null,
        }
        return
      case 'malformed':
        return this.#report(
          at,
          'MALFORMED_DIRECTIVE',
          `"${line.text.trim()}" is nearly a directive. Write "${read.wanted}"`,
        )
      case 'property':
        return this.#property(read.attributes, at)
      case 'ignoreLines':
        this.#ignore = read.lines === 'start' ? 'block' : read.lines === 'end' ? 0 : read.lines
        return
      case 'sql':
        return this.#sql(line, at)
      case 'comment':
        if (this.#draft === undefined) {
          return this.#report(
            at,
            'COMMENT_OUTSIDE',
            'a "--comment" stands before the first "--changeset". Move it below one',
          )
        }
        this.#draft.comment = read.text
        return
      case 'rollback':
      case 'rollbackBlock':
      case 'validCheckSum':
      case 'preconditions':
      case 'precondition':
        return this.#ofChangeSet(read, line, at)
    }
  }

  #ofChangeSet(read: Line, line: SourceText, at: Position): void {
    const draft = this.#draft
    if (draft === undefined) return
    if (read.kind === 'rollback') {
      draft.rollbackAt ??= at
      draft.rollback.push(line.slice(read.from))
    } else if (read.kind === 'rollbackBlock') {
      draft.rollbackAt ??= at
      this.#inRollbackBlock = true
    } else if (read.kind === 'validCheckSum') draft.validCheckSums.push(read.checksum)
    else if (read.kind === 'preconditions')
      draft.preconditions = readFormattedPreconditions(read.attributes, at, this.#scope)
    else if (read.kind === 'precondition') {
      const precondition = readFormattedPrecondition(read.name, line.slice(read.from).trim(), at, this.#scope)
      if (precondition === undefined) return
      draft.preconditions ??= readFormattedPreconditions('', at, this.#scope)
      draft.preconditions = { ...draft.preconditions, of: [...draft.preconditions.of, precondition] }
    }
  }

  #sql(line: SourceText, at: Position): void {
    if (this.#draft !== undefined) this.#draft.sql.push(line)
    else if (!this.#strayReported && line.text.trim() !== '' && !/^\s*--/.test(line.text)) {
      this.#strayReported = true
      this.#scope.reading.notice(at, 'SQL before the first "--changeset" is not run')
    }
  }

  #property(attributes: string, at: Position): void {
    const name = bareAttribute(attributes, 'name')
    const value = bareAttribute(attributes, 'value')
    if (name === undefined || value === undefined) {
      return this.#report(
        at,
        'MALFORMED_DIRECTIVE',
        'a property needs a name and a value. Write "--property name:<name> value:<value>"',
      )
    }
    const definition = {
      name,
      value,
      dbms: bareAttribute(attributes, 'dbms') ?? null,
      contexts: bareAttribute(attributes, 'contextFilter') ?? bareAttribute(attributes, 'context') ?? '',
      labels: bareAttribute(attributes, 'labels') ?? '',
      global: flag(attributes, 'global', true),
    }
    defineProperty(this.#scope, definition, at)
  }

  /** Liquibase lets the last changeset of a file be empty, and then hashes the SQL of the one before it: refused here. */
  #finish(): void {
    const draft = this.#draft
    if (draft === undefined) return
    this.#draft = undefined
    const scope = this.#scope
    const sql = expandSource(scope, (SourceText.join(mergeLines(draft.sql)) ?? this.#source.slice(0, 0)).trim())
    if (sql.text === '') {
      return this.#report(
        draft.at,
        'NO_SQL',
        `changeset "${draft.author}:${draft.id}" has no SQL. Write some below its header, or remove it`,
      )
    }
    const { attributes, at } = draft
    for (const name of ['runWith', 'runWithSpoolFile']) {
      const value = attribute(attributes, name)
      if (value !== undefined) {
        this.#report(
          at,
          'NOT_BUILT',
          `${name}:${value} hands the SQL to another program, which is not built yet. Remove the attribute`,
        )
      }
    }
    const quoted = /(?:^|\s)(dbms|logicalFilePath):\s*"/i.exec(attributes)
    if (quoted !== null) {
      this.#report(
        at,
        'QUOTED_ATTRIBUTE',
        `${quoted[1]} takes no quotes in formatted SQL: Liquibase counts them as part of the value. Remove them`,
      )
    }
    const ownPath = attribute(attributes, 'logicalFilePath')
    const filePath = ownPath === undefined ? scope.logicalPath : (normalisePath(expand(scope, ownPath)) ?? ownPath)
    const changeSet: ChangeSet = {
      id: expand(scope, draft.id),
      author: expand(scope, draft.author),
      filePath,
      at,
      contexts: fullContexts(
        scope,
        expand(scope, attribute(attributes, 'contextFilter') ?? attribute(attributes, 'context') ?? ''),
        at,
      ),
      labels: fullLabels(scope, expand(scope, attribute(attributes, 'labels') ?? '')),
      dbms: expandOptional(scope, attribute(attributes, 'dbms')),
      runOnChange: flag(attributes, 'runOnChange', false),
      runAlways: flag(attributes, 'runAlways', false),
      runInTransaction: flag(attributes, 'runInTransaction', true),
      failOnError: flag(attributes, 'failOnError', true),
      ignore: scope.ignore || flag(attributes, 'ignore', false),
      runOrder: null,
      comment: draft.comment,
      validCheckSums: draft.validCheckSums,
      preconditions: draft.preconditions,
      changes: [
        {
          kind: 'sql',
          at: sql.at(0),
          dbms: null,
          block: sqlBlock(sql, attributes, 'splitStatements', 'endDelimiter'),
        },
      ],
      rollback: this.#rollback(draft, filePath),
    }
    this.#changeSets.push(changeSet)
  }

  #rollback(draft: Draft, filePath: string): Rollback | null {
    const at = draft.rollbackAt
    if (at === null) return null
    const text = expandSource(
      this.#scope,
      (SourceText.join(mergeLines(draft.rollback)) ?? this.#source.slice(0, 0)).trim(),
    )
    if (text.text === '' || /^(?:empty|not required)$/i.test(text.text)) return { kind: 'nothing', at }
    const id = attribute(text.text, 'changesetId')
    const author = attribute(text.text, 'changesetAuthor')
    if (id !== undefined && author !== undefined) {
      const path = attribute(text.text, 'changesetPath')
      return {
        kind: 'changeSet',
        at,
        changeSet: { id, author, filePath: path === undefined ? filePath : (normalisePath(path) ?? path) },
      }
    }
    const block = sqlBlock(text, draft.attributes, 'rollbackSplitStatements', 'rollbackEndDelimiter')
    return { kind: 'changes', at, changes: [{ kind: 'sql', at, dbms: null, block }] }
  }

  #report(at: Position, code: string, sentence: string): void {
    this.#scope.reading.report({ code, at, sentence })
  }
}

function sqlBlock(text: SourceText, attributes: string, splitName: string, delimiterName: string): SqlBlock {
  return {
    text,
    splitStatements: flag(attributes, splitName, true),
    stripComments: flag(attributes, 'stripComments', true),
    endDelimiter: attribute(attributes, delimiterName) ?? null,
    grammar: 'liquibase',
  }
}

function expandOptional(scope: FileScope, text: string | undefined): string | null {
  return text === undefined ? null : expand(scope, text)
}

/** Lines that stand one after the other in the file become one piece, so that texts stay cheap to search. */
function mergeLines(lines: readonly SourceText[]): SourceText[] {
  const merged: SourceText[] = []
  for (const line of lines) {
    const last = merged.at(-1)
    const following = last?.followedBy(line)
    if (following === undefined) merged.push(line)
    else merged[merged.length - 1] = following
  }
  return merged
}

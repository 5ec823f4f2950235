import type { Files } from '../files.ts'
import type { ChangeSet, Preconditions } from '../model/change-log.ts'
import type { Position } from '../model/position.ts'
import { SourceText } from '../model/source-text.ts'
import { flagOf, requiredText, textOf } from './fields.ts'
import { formattedSqlHeader } from './formatted-sql-directive.ts'
import { readFormattedSql } from './formatted-sql.ts'
import { entry, type MapEntry, type Node } from './node.ts'
import { normalisePath, resolvePath } from './path.ts'
import { readPlainSql } from './plain-sql.ts'
import { defineProperty, type FileScope, type Reading } from './scope.ts'
import { readChangeSet } from './structured-change-set.ts'
import { readPreconditions } from './structured-precondition.ts'
import { readYaml } from './yaml.ts'

/** A file of this size is no changelog; it would only fill the memory. */
const MAX_FILE_BYTES = 64 * 1024 * 1024
const MAX_INCLUDE_DEPTH = 64

/** Reads the tree of includes into one list of changesets, in the order in which they run. */
export class ChangeLogReader {
  readonly changeSets: ChangeSet[] = []
  readonly preconditions: Preconditions[] = []
  /** What every file read holds, by path. */
  readonly contents = new Map<string, string>()
  readonly #files: Files
  readonly #reading: Reading
  readonly #signal: AbortSignal | undefined
  /** The files being read, root first. */
  readonly #open: string[] = []

  constructor(files: Files, reading: Reading, signal: AbortSignal | undefined) {
    this.#files = files
    this.#reading = reading
    this.#signal = signal
  }

  /** @returns false when there is no such file. */
  async readRoot(path: string): Promise<boolean> {
    const source = await this.#source(path)
    if (source === undefined) return false
    await this.#file(source, {
      reading: this.#reading,
      path,
      logicalPath: path,
      contexts: [],
      labels: [],
      ignore: false,
    })
    return true
  }

  async #file(source: SourceText, scope: FileScope): Promise<void> {
    this.#open.push(scope.path)
    const extension = /\.([^./]+)$/.exec(scope.path)?.[1]?.toLowerCase() ?? ''
    if (extension === 'sql') this.#sql(source, scope)
    else if (extension === 'yaml' || extension === 'yml' || extension === 'json') await this.#structured(source, scope)
    else if (extension === 'xml') {
      this.#report(
        source.at(0),
        'NOT_BUILT',
        `"${scope.path}": changelogs in XML are not built yet. Write it in YAML, JSON or formatted SQL`,
      )
    } else {
      this.#report(
        source.at(0),
        'NOT_A_CHANGELOG',
        `"${scope.path}" is not a changelog: its name must end in .sql, .yaml, .yml or .json`,
      )
    }
    this.#open.pop()
  }

  #sql(source: SourceText, scope: FileScope): void {
    const firstLine = /\S[^\n]*/.exec(source.text)?.[0] ?? ''
    const header = formattedSqlHeader(firstLine)
    const changeSets = header === undefined ? readPlainSql(source, scope) : readFormattedSql(source, header, scope)
    for (const changeSet of changeSets) this.changeSets.push(changeSet)
  }

  async #structured(source: SourceText, scope: FileScope): Promise<void> {
    const document = readYaml(source, (problem) => this.#reading.report(problem))
    if (document === undefined) return
    const root = entry(document, 'databaseChangeLog')
    if (root === undefined) {
      return this.#report(
        source.at(0),
        'NOT_A_CHANGELOG',
        `"${scope.path}" is not a changelog: it has no "databaseChangeLog" at its top`,
      )
    }
    if (root.kind !== 'list') {
      return this.#report(
        root.at,
        'NOT_A_CHANGELOG',
        '"databaseChangeLog" must be a list whose entries begin with "- changeSet:", "- include:" and the like',
      )
    }
    const entries = root.items.flatMap((item) => (item.kind === 'map' ? item.entries : []))
    for (const item of root.items) {
      if (item.kind !== 'map')
        this.#report(item.at, 'UNKNOWN_ENTRY', 'an entry of "databaseChangeLog" is written as "- <name>: …"')
    }
    const file = this.#fileScope(entries, root.at, scope)
    for (const item of entries) await this.#entry(item, file)
  }

  /** Attributes of the file itself may stand anywhere in the list and hold for all of it. */
  #fileScope(entries: readonly MapEntry[], at: Position, scope: FileScope): FileScope {
    const attributes: Node = { kind: 'map', at, entries }
    const ownPath = textOf(scope, attributes, 'logicalFilePath')
    const contexts = textOf(scope, attributes, 'contextFilter', 'context')
    return {
      ...scope,
      logicalPath: ownPath === undefined ? scope.logicalPath : (normalisePath(ownPath) ?? ownPath),
      contexts: contexts === undefined ? scope.contexts : [contexts, ...scope.contexts],
    }
  }

  async #entry({ key, keyAt, value }: MapEntry, scope: FileScope): Promise<void> {
    switch (key) {
      case 'changeSet': {
        const changeSet = await readChangeSet(value, scope, (path) => this.#source(path))
        if (changeSet !== undefined) this.changeSets.push(changeSet)
        return
      }
      case 'include':
        return this.#include(value, scope)
      case 'includeAll':
        return this.#includeAll(value, scope)
      case 'property':
        return this.#property(value, scope)
      case 'preConditions':
        this.preconditions.push(readPreconditions(value, scope))
        return
      case 'modifyChangeSets':
      case 'removeChangeSetProperty':
        return this.#report(keyAt, 'NOT_BUILT', `"${key}" is not built yet. Remove it`)
      default:
        if (value.kind !== 'scalar')
          this.#report(keyAt, 'UNKNOWN_ENTRY', `"${key}" is not known under "databaseChangeLog". Check its spelling`)
    }
  }

  async #include(node: Node, scope: FileScope): Promise<void> {
    const written = requiredText(scope, node, 'file', 'the include')
    if (written === undefined) return
    const path = resolvePath(scope.path, written, flagOf(scope, node, false, 'relativeToChangelogFile'))
    if (path === undefined)
      return this.#report(
        node.at,
        'PATH_OUTSIDE',
        `"${written}" leads out of the sources. Name a file below their root`,
      )
    const source = await this.#source(path)
    if (source === undefined) {
      if (!flagOf(scope, node, true, 'errorIfMissing')) return
      const hint = 'Paths count from the root of the sources, or with relativeToChangelogFile: true from this file'
      return this.#report(node.at, 'FILE_NOT_FOUND', `there is no file "${path}" to include. ${hint}`)
    }
    if (entry(node, 'logicalFilePath') !== undefined) {
      const sentence = 'logicalFilePath of an include has no effect, as in Liquibase 4.28. Set it in the included file'
      this.#reading.notice(node.at, sentence)
    }
    await this.#included(source, path, node, scope)
  }

  async #includeAll(node: Node, scope: FileScope): Promise<void> {
    for (const name of ['filter', 'resourceFilter', 'resourceComparator']) {
      if (entry(node, name) !== undefined) {
        return this.#report(
          node.at,
          'NOT_BUILT',
          `"${name}" of includeAll names a Java class and can't be run here. Use endsWithFilter and file names`,
        )
      }
    }
    const written = requiredText(scope, node, 'path', 'the includeAll')
    if (written === undefined) return
    const dir = resolvePath(scope.path, written, flagOf(scope, node, false, 'relativeToChangelogFile'))
    if (dir === undefined)
      return this.#report(
        node.at,
        'PATH_OUTSIDE',
        `"${written}" leads out of the sources. Name a folder below their root`,
      )
    const endsWith = textOf(scope, node, 'endsWithFilter') ?? ''
    const minDepth = Number(textOf(scope, node, 'minDepth') ?? '0')
    const maxDepth = Number(textOf(scope, node, 'maxDepth') ?? 'Infinity')
    const paths = ((await this.#files.list(dir, this.#signal)) ?? [])
      .filter((path) => path !== scope.path && path.endsWith(endsWith) && /\.(?:sql|ya?ml|json|xml)$/i.test(path))
      .filter((path) => {
        const depth = path.slice(dir === '' ? 0 : dir.length + 1).split('/').length
        return depth >= minDepth && depth <= maxDepth
      })
      .toSorted(byPath)
    if (paths.length === 0 && flagOf(scope, node, true, 'errorIfMissingOrEmpty', 'errorIfMissing')) {
      return this.#report(
        node.at,
        'FILE_NOT_FOUND',
        `there is no folder "${dir}", or no changelog in it, to include. Check the path, or set errorIfMissingOrEmpty: false`,
      )
    }
    for (const path of paths) {
      const source = await this.#source(path)
      if (source !== undefined) await this.#included(source, path, node, scope)
    }
  }

  async #included(source: SourceText, path: string, node: Node, scope: FileScope): Promise<void> {
    if (this.#open.includes(path)) {
      return this.#report(node.at, 'INCLUDE_CYCLE', `"${path}" includes itself: ${[...this.#open, path].join(' → ')}`)
    }
    if (this.#open.length >= MAX_INCLUDE_DEPTH) {
      return this.#report(node.at, 'TOO_LARGE', `includes are nested deeper than ${MAX_INCLUDE_DEPTH} files`)
    }
    const contexts = textOf(scope, node, 'contextFilter', 'context')
    const labels = textOf(scope, node, 'labels')
    await this.#file(source, {
      reading: this.#reading,
      path,
      logicalPath: path,
      contexts: contexts === undefined ? scope.contexts : [contexts, ...scope.contexts],
      labels: labels === undefined ? scope.labels : [labels, ...scope.labels],
      ignore: scope.ignore || flagOf(scope, node, false, 'ignore'),
    })
  }

  #property(node: Node, scope: FileScope): void {
    if (entry(node, 'file') !== undefined) {
      return this.#report(
        node.at,
        'NOT_BUILT',
        'properties from a "file" are not built yet. Write them as name and value, or give them as parameters',
      )
    }
    const name = requiredText(scope, node, 'name', 'the property')
    if (name === undefined) return
    const definition = {
      name,
      value: textOf(scope, node, 'value') ?? '',
      dbms: textOf(scope, node, 'dbms') ?? null,
      contexts: textOf(scope, node, 'contextFilter', 'context') ?? '',
      labels: textOf(scope, node, 'labels') ?? '',
      global: flagOf(scope, node, true, 'global'),
    }
    defineProperty(scope, definition, node.at)
  }

  async #source(path: string): Promise<SourceText | undefined> {
    this.#signal?.throwIfAborted()
    const known = this.contents.get(path)
    if (known !== undefined) return SourceText.ofFile(path, known)
    const bytes = await this.#files.read(path, this.#signal)
    if (bytes === undefined) return undefined
    const at = { file: path, line: 1, column: 1 }
    if (bytes.byteLength > MAX_FILE_BYTES) {
      this.#report(
        at,
        'TOO_LARGE',
        `"${path}" is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB. Split it, or load data another way`,
      )
      return SourceText.ofFile(path, '')
    }
    const content = decode(bytes)
    if (content === undefined) {
      this.#report(at, 'NOT_UTF8', `"${path}" is not UTF-8 text. Save it as UTF-8`)
      return SourceText.ofFile(path, '')
    }
    this.contents.set(path, content)
    return SourceText.ofFile(path, content)
  }

  #report(at: Position, code: string, sentence: string): void {
    this.#reading.report({ code, at, sentence })
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** By the characters of the whole path, so `10_x` comes before `2_x` and capitals before small letters. */
function byPath(left: string, right: string): number {
  const [a, b] = [left, right].map((path) => path.replace('WEB-INF/classes/', ''))
  return (a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : 0
}

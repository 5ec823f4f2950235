import type { ChangeSet, Rollback } from '../model/change-log.ts'
import { flagOf, requiredText, textOf } from './fields.ts'
import { entry, items, type Node } from './node.ts'
import { normalisePath } from './path.ts'
import { expandSource, fullContexts, fullLabels, type FileScope } from './scope.ts'
import { readChanges, type ReadSource } from './structured-change.ts'
import { readPreconditions } from './structured-precondition.ts'

/** Reads one `changeSet:` of a structured format. @returns undefined after reporting what is missing. */
export async function readChangeSet(
  node: Node,
  scope: FileScope,
  readSource: ReadSource,
): Promise<ChangeSet | undefined> {
  const { at } = node
  const id = requiredText(scope, node, 'id', 'the changeSet')
  const author = requiredText(scope, node, 'author', 'the changeSet')
  for (const name of ['runWith', 'modifySql']) {
    if (entry(node, name) !== undefined) {
      scope.reading.report({
        code: 'NOT_BUILT',
        at,
        sentence: `"${name}" is not built yet. Remove it, or keep this changeset for Liquibase`,
      })
    }
  }
  const ownPath = textOf(scope, node, 'logicalFilePath')
  const filePath = ownPath === undefined ? scope.logicalPath : (normalisePath(ownPath) ?? ownPath)
  const preconditions = entry(node, 'preConditions')
  const runOrder = textOf(scope, node, 'runOrder')
  const changes = await readChanges(entry(node, 'changes'), scope, readSource)
  const rollback = await readRollback(node, filePath, scope, readSource)
  if (id === undefined || author === undefined) return undefined
  return {
    id,
    author,
    filePath,
    at,
    contexts: fullContexts(scope, textOf(scope, node, 'contextFilter', 'context') ?? '', at),
    labels: fullLabels(scope, textOf(scope, node, 'labels') ?? ''),
    dbms: textOf(scope, node, 'dbms') ?? null,
    runOnChange: flagOf(scope, node, false, 'runOnChange'),
    runAlways: flagOf(scope, node, false, 'runAlways', 'alwaysRun'),
    runInTransaction: flagOf(scope, node, true, 'runInTransaction'),
    failOnError: flagOf(scope, node, true, 'failOnError'),
    ignore: scope.ignore || flagOf(scope, node, false, 'ignore'),
    runOrder: runOrder === 'first' || runOrder === 'last' ? runOrder : null,
    comment: readComment(entry(node, 'comment'), scope),
    validCheckSums: [...items(entry(node, 'validCheckSum')), ...items(entry(node, 'validCheckSums'))].flatMap((item) =>
      item.kind === 'scalar' && item.text !== null ? [item.text.text] : [],
    ),
    preconditions: preconditions === undefined ? null : readPreconditions(preconditions, scope),
    changes,
    rollback,
  }
}

function readComment(node: Node | undefined, scope: FileScope): string {
  const texts = items(node).flatMap((item) =>
    item.kind === 'scalar' && item.text !== null ? [expandSource(scope, item.text).text.trim()] : [],
  )
  // A list prints as Java prints one.
  return node?.kind === 'list' ? `[${texts.join(', ')}]` : texts.join('\n')
}

async function readRollback(
  node: Node,
  filePath: string,
  scope: FileScope,
  readSource: ReadSource,
): Promise<Rollback | null> {
  const value = entry(node, 'rollback')
  if (value === undefined) return null
  const { at } = value
  if (value.kind === 'scalar') {
    const text = value.text === null ? undefined : expandSource(scope, value.text.trim())
    if (text === undefined || text.text === '' || /^(?:empty|not required)$/i.test(text.text))
      return { kind: 'nothing', at }
    const block = {
      text,
      splitStatements: true,
      stripComments: true,
      endDelimiter: null,
      grammar: 'liquibase' as const,
    }
    return { kind: 'changes', at, changes: [{ kind: 'sql', at, dbms: null, block }] }
  }
  const id = textOf(scope, value, 'changeSetId')
  const author = textOf(scope, value, 'changeSetAuthor')
  if (id !== undefined && author !== undefined) {
    const path = textOf(scope, value, 'changeSetPath')
    return {
      kind: 'changeSet',
      at,
      changeSet: { id, author, filePath: path === undefined ? filePath : (normalisePath(path) ?? path) },
    }
  }
  return { kind: 'changes', at, changes: await readChanges(value, scope, readSource) }
}

import type { ChangeSet } from '../model/change-log.ts'
import type { SourceText } from '../model/source-text.ts'
import { fullContexts, fullLabels, type FileScope } from './scope.ts'

/**
 * A plain SQL file is one changeset, `raw` by `includeAll`, of the whole text. Properties are not replaced in it.
 */
export function readPlainSql(source: SourceText, scope: FileScope): ChangeSet[] {
  const at = source.at(0)
  const text = source.trim()
  if (text.text === '') {
    scope.reading.report({
      code: 'EMPTY_FILE',
      at,
      sentence: `"${scope.path}" is empty. Remove it, or write the SQL that it should hold`,
    })
    return []
  }
  return [
    {
      id: 'raw',
      author: 'includeAll',
      filePath: scope.path,
      at,
      contexts: fullContexts(scope, '', at),
      labels: fullLabels(scope, ''),
      dbms: null,
      runOnChange: false,
      runAlways: false,
      runInTransaction: true,
      failOnError: true,
      ignore: scope.ignore,
      runOrder: null,
      comment: '',
      validCheckSums: [],
      preconditions: null,
      changes: [
        {
          kind: 'sql',
          at: text.at(0),
          dbms: null,
          block: { text, splitStatements: false, stripComments: false, endDelimiter: null, grammar: 'database' },
        },
      ],
      rollback: null,
    },
  ]
}

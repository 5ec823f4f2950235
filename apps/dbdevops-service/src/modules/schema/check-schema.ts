import { AppError, type Problem } from '@sluice/contracts/errors'
import type { DbSchemaIn, SchemaChangelog } from '@sluice/contracts/dbops'

type Checked = Pick<DbSchemaIn, 'type' | 'migrationType' | 'changelog' | 'changeLogScript' | 'usePercona'>

function notBuilt(path: string, what: string, instead: string): Problem {
  return { path, message: `${what} is not built yet; ${instead}` }
}

/**
 * Applies the published field rules, and refuses by name what this version does not run.
 * @returns the changelog, which every schema that passes has
 * @throws AppError INVALID_REQUEST with every problem
 */
export function checkSchema(schema: Checked): SchemaChangelog {
  const problems: Problem[] = []
  if (schema.type === 'Script' || schema.changeLogScript !== undefined) {
    problems.push(notBuilt('body.type', 'A schema of type "Script"', 'use type "Repository" with a changelog in git'))
  }
  if (schema.migrationType === 'Flyway') {
    problems.push(notBuilt('body.migrationType', 'Migration type "Flyway"', 'use "Liquibase"'))
  }
  if (schema.usePercona === true) {
    problems.push(notBuilt('body.usePercona', '"usePercona"', 'leave it out'))
  }
  const { changelog } = schema
  if (changelog === undefined && schema.type === 'Repository') {
    problems.push({
      path: 'body.changelog',
      message: 'is needed: say in which git connector and at which location the changelog lives',
    })
  }
  if (changelog?.archivePath !== undefined) {
    problems.push(notBuilt('body.changelog.archivePath', 'A changelog in an archive', 'keep it in git'))
  }
  if (changelog?.toml !== undefined) {
    problems.push({ path: 'body.changelog.toml', message: 'belongs to Flyway, which is not built yet; leave it out' })
  }
  if (problems.length > 0 || changelog === undefined) {
    throw new AppError('INVALID_REQUEST', problems.map((problem) => `${problem.path}: ${problem.message}.`).join(' '), {
      details: problems,
    })
  }
  return changelog
}

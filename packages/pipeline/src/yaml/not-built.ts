/** Parts of the published grammar that Sluice can't run yet: refused by name at save, never ignored. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['parallel', 'Running things in parallel'],
  ['strategy', 'A strategy (matrix, repeat, parallelism)'],
  ['template', 'Using a template'],
  ['enforce', 'Enforcing policy sets on a step'],
  ['notificationRules', 'Notification rules'],
  ['flowControl', 'Flow control with barriers'],
  ['properties', 'Pipeline properties (codebase)'],
  ['fixedInputsOnRerun', 'Fixed inputs on rerun'],
  ['allowStageExecutions', 'Running selected stages'],
  ['skipInstances', 'Skipping instances'],
  ['rollbackSteps', 'Rollback steps'],
  ['sharedPaths', 'Shared paths between containers'],
  ['envVariables', 'Environment variables of steps'],
  ['settings', 'Settings of the migration tool'],
  ['globalSettings', 'Global settings of the migration tool'],
  ['insert', 'Inserting into a template'],
  ['tagDatabaseChangeSet', 'Tagging a database that has nothing to apply'],
  ['markNextChangeSetRun', 'Marking a failed changeset as run'],
  ['migrationType', 'A migration type other than Liquibase'],
  ['plan', 'Naming the plan to apply'],
  ['dryRun', 'Dry runs'],
  ['instanceGroup', 'Applying to an instance group'],
  ['waves', 'Applying in waves'],
])

const STEP_TYPES: ReadonlySet<string> = new Set([
  'DBSchemaRollback',
  'DBSchemaRollbackSQL',
  'LiquibaseCommand',
  'FlywayCommand',
  'DBTestAndPreview',
  'DBDriftCheck',
  'DBSnapshot',
  'DBExecuteSql',
  'Approval',
  'HarnessApproval',
  'CustomApproval',
  'JiraApproval',
  'ServiceNowApproval',
  'Run',
  'ShellScript',
  'Http',
  'Wait',
  'Barrier',
  'Queue',
  'Email',
  'Policy',
  'GitClone',
])

const STAGE_TYPES: ReadonlySet<string> = new Set(['Approval', 'CI', 'Deployment', 'Pipeline', 'FeatureFlag'])

const INFRASTRUCTURE_TYPES: ReadonlySet<string> = new Set(['ECSDirect', 'VM', 'Delegate', 'Noop', 'KubernetesHosted'])

const FAILURE_ACTIONS: ReadonlySet<string> = new Set([
  'Retry',
  'StageRollback',
  'StepGroupRollback',
  'PipelineRollback',
  'ManualIntervention',
  'ProceedWithDefaultValues',
  'RetryStepGroup',
])

/** Sentence for a field that the grammar has and Sluice doesn't run yet; undefined for a field nobody knows. */
export function describeUnbuiltField(field: string): string | undefined {
  const feature = FIELDS.get(field)
  return feature === undefined ? undefined : `${feature} ("${field}") isn't built yet. Remove it to save this pipeline.`
}

/**
 * Sentence for a `type` that can't be used.
 * @param parent the field that holds the object with this type: `step`, `stage`, `stepGroupInfra`, `action`
 */
export function describeType(
  parent: string | number | undefined,
  type: string,
  built: readonly string[],
): string | undefined {
  const kinds: Readonly<Record<string, { name: string; unbuilt: ReadonlySet<string> }>> = {
    step: { name: 'step type', unbuilt: STEP_TYPES },
    stage: { name: 'stage type', unbuilt: STAGE_TYPES },
    stepGroupInfra: { name: 'infrastructure type', unbuilt: INFRASTRUCTURE_TYPES },
    action: { name: 'failure strategy', unbuilt: FAILURE_ACTIONS },
  }
  const kind = typeof parent === 'string' && Object.hasOwn(kinds, parent) ? kinds[parent] : undefined
  if (kind === undefined) return undefined
  const choice = `Use one of: ${built.join(', ')}.`
  if (kind.unbuilt.has(type)) return `The ${kind.name} "${type}" isn't built yet. ${choice}`
  return `There is no ${kind.name} "${type}". ${choice}`
}

import { gitCredential, gitRepositoryUrl, type GitSpec } from '@sluice/contracts/connectors'
import { getStepInputs, type StepInputs } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { idTime, type Scope } from '@sluice/contracts/ids'
import type { AttemptContext, ResolvedDatabaseStep } from '@sluice/contracts/steps'
import type { DatabaseTarget, GitSource, SecretRef, Selector } from '@sluice/contracts/tasks'
import { redactSecretReferences } from '@sluice/expressions'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { findPinnedCommit, pinCommit, type PinKey } from '../commit/pin-commit.ts'
import { resolveCommit } from '../commit/resolve-commit.ts'
import { findConnector, typeMismatch } from '../connector/find-connector.ts'
import { findSecret } from '../secret/find-secret.ts'

/** A database step with everything that its task needs; secrets by reference. */
export interface ResolvedStep {
  inputs: StepInputs
  source: GitSource
  target: DatabaseTarget
  secrets: SecretRef[]
  /** Selectors of the connectors. */
  selectors: Selector[]
  /** Repository and ref, as commits are pinned by. */
  sourceKey: string
}

type ResolveDeps = Pick<Deps, 'pool' | 'access' | 'client' | 'prisma'>

interface Resolving {
  actor: Actor
  /** Without an execution nothing is pinned: what the ref stands for at `readSince` (epoch ms) or later is looked up. */
  context: Pick<AttemptContext, 'scope' | 'editor'> & { executionId?: string; readSince?: number }
  /** Whatever names a schema and an instance. */
  step: Pick<ResolvedDatabaseStep, 'dbSchema' | 'dbInstance'> & { identifier?: string }
  signal: AbortSignal
}

/**
 * Resolves schema, instance, both connectors, their secrets and the commit of a step, as the runner.
 * @throws AppError REFERENCE_NOT_FOUND, ACCESS_DENIED, CONNECTOR_TYPE_MISMATCH, GIT_REF_NOT_FOUND, GIT_UNREACHABLE,
 * SERVICE_UNAVAILABLE that names the edge
 */
export async function resolveStep(deps: ResolveDeps, resolving: Resolving): Promise<ResolvedStep> {
  const { actor, context, step, signal } = resolving
  const { scope } = context
  await deps.access.require(actor, 'dbops_schema_view', scope)
  await deps.access.require(actor, 'dbops_instance_view', scope)
  const inputs = await deps.client.call(
    getStepInputs,
    {
      params: projectParams(scope),
      query: { dbSchema: step.dbSchema, dbInstance: step.dbInstance, executionId: context.executionId },
    },
    { actor, signal },
  )
  const [database, git] = [await resolveTarget(deps, resolving, inputs), await resolveSource(deps, resolving, inputs)]
  const secrets = [database.secret, git.secret].filter((secret) => secret !== undefined)
  return {
    inputs,
    target: database.target,
    source: git.source,
    sourceKey: git.sourceKey,
    secrets: uniqueSecrets(secrets),
    selectors: [...database.selectors, ...git.selectors].map((selector) => ({
      selector,
      origin: 'connector' as const,
    })),
  }
}

/**
 * Names and tags are stored, logged and written to databases: a secret has no place in them.
 * @throws AppError INVALID_REQUEST
 */
export function refuseSecrets(step: ResolvedDatabaseStep): void {
  for (const field of ['dbSchema', 'dbInstance', 'tag'] as const) {
    const text = step[field] ?? ''
    const readable = redactSecretReferences(text)
    if (readable === text) continue
    throw new AppError(
      'INVALID_REQUEST',
      `The ${field} of step "${step.identifier}" is "${readable}", but a secret can't be used there: it would be stored and shown. Write the text itself, or use a variable.`,
    )
  }
}

function inStep({ identifier }: { identifier?: string }): string {
  return identifier === undefined ? '' : ` (step "${identifier}")`
}

/** Each secret once. */
export function uniqueSecrets(secrets: readonly SecretRef[]): SecretRef[] {
  return [...new Map(secrets.map((secret) => [secret.name, secret])).values()]
}

/** Org and project of a step's scope. @throws AppError INVALID_REQUEST where the pipeline lives above a project */
export function projectParams(scope: Scope): { org: string; project: string } {
  if (scope.orgIdentifier !== undefined && scope.projectIdentifier !== undefined) {
    return { org: scope.orgIdentifier, project: scope.projectIdentifier }
  }
  throw new AppError('INVALID_REQUEST', 'A database step needs a pipeline in a project: DB schemas live there.')
}

async function resolveTarget(deps: ResolveDeps, { actor, context, step }: Resolving, inputs: StepInputs) {
  const { instance } = inputs
  const wanted = {
    reference: instance.connector,
    from: context.scope,
    usedBy: `DB instance "${instance.identifier}" of DB schema "${inputs.schema.identifier}"${inStep(step)}`,
  }
  const connector = await findConnector(deps, actor, wanted)
  if (connector.kind.type !== 'JDBC') throw typeMismatch(connector, wanted, 'a connector of type "JDBC"')
  const { spec } = connector.kind
  const credential = spec.auth.type === 'None' ? undefined : spec.auth.spec
  const secret =
    credential === undefined
      ? undefined
      : await findSecret(
          deps,
          { runner: actor, editor: context.editor },
          {
            reference: credential.passwordRef,
            from: connector.scope,
            usedBy: `JDBC connector "${instance.connector}"`,
          },
        )
  const target: DatabaseTarget = {
    jdbcUrl: spec.url,
    username: credential?.username,
    passwordSecret: secret?.name,
    database: instance.database,
    schema: instance.schema,
  }
  return { target, secret, selectors: spec.delegateSelectors }
}

async function resolveSource(deps: ResolveDeps, resolving: Resolving, inputs: StepInputs) {
  const { actor, context, step } = resolving
  const { schema, instance } = inputs
  const { changelog } = schema
  const usedBy = `DB schema "${schema.identifier}"${inStep(step)}`
  if (changelog === undefined) {
    throw new AppError('INVALID_REQUEST', `${usedBy} names no changelog. Say in the schema where its changelog lives.`)
  }
  const wanted = { reference: changelog.connector, from: context.scope, usedBy }
  const connector = await findConnector(deps, actor, wanted)
  if (connector.kind.type === 'JDBC') throw typeMismatch(connector, wanted, 'a git connector')
  const { spec } = connector.kind
  if (spec.type === 'Account' && changelog.repo === undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      `The git connector "${changelog.connector}" is for an account, so ${usedBy} has to name the repository: set changelog.repo.`,
    )
  }
  const url = gitRepositoryUrl(spec, changelog.repo)
  const credential = gitCredential(spec)
  const secret =
    credential === undefined
      ? undefined
      : await findSecret(
          deps,
          { runner: actor, editor: context.editor },
          {
            reference: credential.secretReference,
            from: connector.scope,
            usedBy: `git connector "${changelog.connector}"`,
          },
        )
  const source: GitSource = {
    url,
    branch: instance.branch,
    tag: instance.gitTag,
    location: changelog.location,
    username: credential?.username,
    passwordSecret: secret?.name,
  }
  const sourceKey = JSON.stringify([url, instance.branch ?? null, instance.gitTag ?? null, instance.commitSha ?? null])
  const { executionId } = context
  const key =
    executionId === undefined
      ? undefined
      : { accountId: actor.accountId, executionId, instanceId: inputs.instanceId, source: sourceKey }
  const commit = instance.commitSha ?? (await chooseCommit(deps, resolving, key, source, spec))
  return { source: { ...source, commit }, sourceKey, secret, selectors: spec.delegateSelectors }
}

/**
 * The pinned commit; else what the control plane finds behind the ref; else nothing, and the pod looks. A preview's
 * commit was pinned by its report, which pipeline-service sends before it submits the next step; where that failed, the
 * hash of the previewed plan guards the apply.
 */
async function chooseCommit(
  deps: ResolveDeps,
  { actor, signal, context }: Resolving,
  key: PinKey | undefined,
  source: GitSource,
  spec: GitSpec,
): Promise<string | undefined> {
  const pinned = key === undefined ? undefined : await findPinnedCommit(deps, key)
  if (pinned !== undefined) return pinned
  if (spec.executeOnDelegate) return undefined
  const readSince = key === undefined ? context.readSince : idTime(key.executionId)
  const found = await resolveCommit(deps, actor, source, readSince, signal)
  return found === undefined || key === undefined ? found : pinCommit(deps, key, found)
}

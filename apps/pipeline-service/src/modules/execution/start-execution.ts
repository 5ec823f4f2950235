import { randomBytes } from 'node:crypto'
import { Principal } from '@sluice/contracts/access'
import { AppError } from '@sluice/contracts/errors'
import type { NodeExecutionStatus } from '@sluice/contracts/execution-graph'
import { newId } from '@sluice/contracts/ids'
import {
  advance,
  applyPipelineInputs,
  compilePlan,
  createExecution,
  nextDueAt,
  publicNodeStatus,
  type ExecutionPlan,
  type PipelineProblem,
} from '@sluice/pipeline'
import { recordAudit, type Actor } from '@sluice/service-kit'
import { activeTraceparent } from '@sluice/service-kit/tracing'
import type { Deps } from '../../deps.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import { findPipeline } from '../pipeline/find-pipeline.ts'
import type { ProjectScope } from '../project-scope.ts'
import { insertNodes, storeAdvance, type Tx } from './execution-store.ts'
import { publishSummary } from './publish-change.ts'

export interface StartedExecution {
  planExecution: { uuid: string; status: NodeExecutionStatus; startTs: number; runSequence: number }
}

export interface StartExecutionInput {
  scope: ProjectScope
  pipelineIdentifier: string
  /** YAML of run-time inputs, if the pipeline has any. */
  inputs?: string
  triggerType: string
}

/** Most problems of a pipeline that its refusal tells in one sentence. */
const TOLD_PROBLEMS = 5

/** The account's feature flag, without which nothing of DB DevOps runs. */
const FEATURE_FLAG = 'DBOPS_ENABLED'

/**
 * Starts a run of a pipeline as it is now: the plan and the inputs are stored, a later edit changes neither.
 * Throws ENTITY_NOT_FOUND, PIPELINE_INVALID_YAML (inputs included), FEATURE_DISABLED.
 */
export async function startExecution(deps: Deps, actor: Actor, input: StartExecutionInput): Promise<StartedExecution> {
  if (!actor.featureFlags.includes(FEATURE_FLAG)) {
    throw new AppError(
      'FEATURE_DISABLED',
      `The feature ${FEATURE_FLAG} is off for this account. Ask an administrator to switch it on under Settings.`,
    )
  }
  const { scope } = input
  const pipeline = await findPipeline(deps, scope, input.pipelineIdentifier)
  const parsed = applyPipelineInputs(
    pipeline.yaml,
    input.inputs === undefined || input.inputs.trim() === '' ? null : input.inputs,
  )
  if (!parsed.ok) {
    throw new AppError(
      'PIPELINE_INVALID_YAML',
      `Pipeline "${pipeline.identifier}" can't run: ${tell(parsed.problems)}`,
      { details: parsed.problems },
    )
  }
  const executionId = newId('pex')
  const startTs = deps.now()
  const { orgIdentifier: org, projectIdentifier: project } = scope
  const executionUrl = `${deps.config.publicUrl.replace(/\/$/, '')}/orgs/${org}/projects/${project}/executions/${executionId}`

  const { after, runSequence, status } = await deps.transact(async (tx) => {
    const sequence = await nextRunSequence(tx, scope, pipeline.identifier)
    const plan = compilePlan(parsed.pipeline, {
      executionId,
      secretToken: randomBytes(32).toString('base64url'),
      accountId: scope.accountId,
      sequenceId: sequence,
      startTs,
      triggeredBy: { name: actor.principal.name, identifier: actor.principal.id },
      triggerType: input.triggerType,
      executionUrl,
      inputs: parsed.inputs,
    })
    const created = createExecution(plan, () => newId('nod'))
    const first = advance(plan, created, { type: 'executionStarted', at: startTs })
    const root = first.state.nodes.get(plan.rootId)
    const dueAt = nextDueAt(first.state)
    await tx.execution.create({
      data: {
        ...scope,
        id: executionId,
        pipelineIdentifier: pipeline.identifier,
        pipelineName: pipeline.name,
        runSequence: sequence,
        yaml: pipeline.yaml,
        inputs: input.inputs ?? null,
        plan: storedPlan(plan),
        principal: actor.principal,
        triggeredById: actor.principal.id,
        lastEditor: Principal.parse(pipeline.lastEditor),
        status: root?.status ?? 'QUEUED',
        traceparent: activeTraceparent() ?? null,
        startedAt: new Date(startTs),
        dueAt: dueAt === null ? null : new Date(dueAt),
      },
    })
    await insertNodes(tx, scope.accountId, executionId, created)
    await storeAdvance(tx, scope.accountId, executionId, first)
    await recordAudit(tx, {
      actor,
      action: 'RUN',
      resource: { type: 'PIPELINE', identifier: pipeline.identifier, name: pipeline.name },
      scope,
      after: { executionId, runSequence: sequence },
    })
    return {
      after: async () => {
        await deps.queues.wake('pipeline.wake', { accountId: scope.accountId, id: executionId })
        await publishSummary(deps, { ...scope, id: executionId })
      },
      runSequence: sequence,
      status: publicNodeStatus(root?.status ?? 'QUEUED'),
    }
  })
  await after()
  return { planExecution: { uuid: executionId, status, startTs, runSequence } }
}

/** Problems with their places; of many the first, the rest stands in the details. */
function tell(problems: readonly PipelineProblem[]): string {
  const told = problems
    .slice(0, TOLD_PROBLEMS)
    .map(
      ({ path, message, line, column }) =>
        `${path === '' ? '' : `${path}: `}${message} (line ${line}, column ${column})`,
    )
  const more = problems.length - told.length
  return `${told.join('; ')}${more === 0 ? '' : `; and ${more} more`}`
}

function storedPlan(plan: ExecutionPlan): Prisma.InputJsonValue {
  return plan as unknown as Prisma.InputJsonValue
}

async function nextRunSequence(tx: Tx, scope: ProjectScope, identifier: string): Promise<number> {
  const { runSequence } = await tx.pipeline.update({
    where: { accountId_orgIdentifier_projectIdentifier_identifier: { ...scope, identifier } },
    data: { runSequence: { increment: 1 } },
    select: { runSequence: true },
  })
  return runSequence
}

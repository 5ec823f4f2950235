import { z } from 'zod'
import { Principal } from './access.ts'
import { Scope } from './ids.ts'
import { defineRoute } from './routes.ts'
import { LogKey } from './logs.ts'
import { Selector, TaskOutputRef, TaskResult } from './tasks.ts'

/** Step types of this system that run in a pod. */
export const DATABASE_STEP_TYPES = ['DBSchemaApply', 'DBSchemaUpdateSQL'] as const
export const DatabaseStepType = z.enum(DATABASE_STEP_TYPES)
export type DatabaseStepType = z.infer<typeof DatabaseStepType>

/** Where pods run. */
export const PodRuntimeName = z.enum(['process', 'docker', 'kubernetes'])
export type PodRuntimeName = z.infer<typeof PodRuntimeName>

/** Where in a run an attempt belongs. */
export const AttemptContext = z.object({
  scope: Scope,
  pipelineIdentifier: z.string().max(128),
  executionId: z.string().max(64),
  nodeExecutionId: z.string().max(64),
  attempt: z.number().int().min(1),
  attemptId: z.string().max(128),
  logKey: LogKey,
  /** Id that the pod of the containerised group carries. */
  podId: z.string().max(64),
  selectors: z.array(Selector).max(64),
  /** Milliseconds. */
  timeoutMs: z.number().int().min(1000),
  /** Who saved the pipeline that runs: secrets are used only where this person may, too. */
  editor: Principal.optional(),
})
export type AttemptContext = z.infer<typeof AttemptContext>

/** Specification of a database step with its expressions evaluated. */
export const ResolvedDatabaseStep = z.object({
  identifier: z.string().max(128),
  type: DatabaseStepType,
  dbSchema: z.string().max(260),
  dbInstance: z.string().max(128),
  tag: z.string().max(255).optional(),
  /** Hash of the plan that an earlier step of the same run previewed for this instance: apply runs exactly it. */
  planHash: z.string().max(128).optional(),
})
export type ResolvedDatabaseStep = z.infer<typeof ResolvedDatabaseStep>

/** What pipeline-service asks of ng-manager for one attempt. */
export const SubmitStep = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('pod.init'),
    context: AttemptContext,
    runtime: PodRuntimeName,
    /** Steps of the group; those whose expressions could not be evaluated yet are left out. */
    steps: z.array(ResolvedDatabaseStep).max(64),
    /** Node executions of the group's steps: the pod may write their logs, and its own. */
    stepNodeIds: z.array(z.string().max(64)).max(64),
    /** Milliseconds until the group has ended for certain; absent: nothing around it has a timeout. */
    podTimeoutMs: z.number().int().min(1000).optional(),
  }),
  z.object({
    kind: z.literal('pod.execute'),
    context: AttemptContext,
    /** Delegate that holds the pod. */
    delegateId: z.string().max(64),
    step: ResolvedDatabaseStep,
  }),
  z.object({ kind: z.literal('pod.cleanup'), context: AttemptContext, delegateId: z.string().max(64) }),
])
export type SubmitStep = z.infer<typeof SubmitStep>

/** Submits the task of an attempt; the same attempt and kind again answers the same task. */
export const submitStep = defineRoute({
  service: 'ng-manager',
  method: 'POST',
  path: '/ng-manager/steps',
  operationId: 'submitStep',
  summary: 'Resolve one step attempt into a delegate task and queue it',
  tag: 'Steps',
  auth: 'peer',
  body: SubmitStep,
  response: z.object({ taskId: z.string() }),
  family: 'bare',
  errors: [
    'REFERENCE_NOT_FOUND',
    'ACCESS_DENIED',
    'GIT_REF_NOT_FOUND',
    'GIT_UNREACHABLE',
    'CONNECTOR_TYPE_MISMATCH',
    'JDBC_URL_INVALID',
  ],
})

/** Cancels the running task of an attempt. The result still arrives as a task event. */
export const cancelStep = defineRoute({
  service: 'ng-manager',
  method: 'POST',
  path: '/ng-manager/steps/:attemptId/cancel',
  operationId: 'cancelStep',
  summary: 'Cancel the running task of a step attempt',
  tag: 'Steps',
  auth: 'peer',
  params: z.object({ attemptId: z.string().max(128) }),
  body: z.object({ taskId: z.string().max(64), reason: z.string().max(512) }),
  status: 204,
  family: 'bare',
  errors: ['ENTITY_NOT_FOUND'],
})

/** Reports a finished attempt; ng-manager hands plans and changeset states on to dbdevops-service. Idempotent. */
export const reportStep = defineRoute({
  service: 'ng-manager',
  method: 'POST',
  path: '/ng-manager/steps/:attemptId/report',
  operationId: 'reportStep',
  summary: 'Report the result of a step attempt',
  tag: 'Steps',
  auth: 'peer',
  params: z.object({ attemptId: z.string().max(128) }),
  body: z.object({
    taskId: z.string().max(64),
    result: TaskResult,
    large: z.array(TaskOutputRef).max(8),
    finishedAt: z.number().int(),
  }),
  status: 204,
  family: 'bare',
  errors: ['ENTITY_NOT_FOUND'],
})

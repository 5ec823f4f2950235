import { z } from 'zod'
import { FailureType } from './errors.ts'
import { EpochMs, Identifier } from './ids.ts'

/** Status of an execution and of its stages, as summaries and lists show it. Exhaustive. */
export const EXECUTION_STATUSES = [
  'Queued',
  'NotStarted',
  'Running',
  'ApprovalWaiting',
  'InterventionWaiting',
  'ResourceWaiting',
  'Paused',
  'Discontinuing',
  'Success',
  'Failed',
  'IgnoreFailed',
  'Skipped',
  'Aborted',
  'Expired',
  'ApprovalRejected',
] as const
export const ExecutionStatus = z.enum(EXECUTION_STATUSES).meta({ id: 'ExecutionStatus' })
export type ExecutionStatus = z.infer<typeof ExecutionStatus>

/** Status of a node of the execution graph, and the status of a summary that says the same. Exhaustive. */
export const NODE_EXECUTION_STATUSES = {
  QUEUED: 'NotStarted',
  RUNNING: 'Running',
  TASK_WAITING: 'Running',
  APPROVAL_WAITING: 'ApprovalWaiting',
  INTERVENTION_WAITING: 'InterventionWaiting',
  RESOURCE_WAITING: 'ResourceWaiting',
  PAUSED: 'Paused',
  DISCONTINUING: 'Discontinuing',
  SUCCEEDED: 'Success',
  FAILED: 'Failed',
  IGNORE_FAILED: 'IgnoreFailed',
  SKIPPED: 'Skipped',
  ABORTED: 'Aborted',
  EXPIRED: 'Expired',
  APPROVAL_REJECTED: 'ApprovalRejected',
} as const satisfies Record<string, ExecutionStatus>
export const NodeExecutionStatus = z
  .enum([
    'QUEUED',
    'RUNNING',
    'TASK_WAITING',
    'APPROVAL_WAITING',
    'INTERVENTION_WAITING',
    'RESOURCE_WAITING',
    'PAUSED',
    'DISCONTINUING',
    'SUCCEEDED',
    'FAILED',
    'IGNORE_FAILED',
    'SKIPPED',
    'ABORTED',
    'EXPIRED',
    'APPROVAL_REJECTED',
  ] as const satisfies readonly (keyof typeof NODE_EXECUTION_STATUSES)[])
  .meta({ id: 'NodeExecutionStatus' })
export type NodeExecutionStatus = z.infer<typeof NodeExecutionStatus>

/** Status of a unit of a step (Fetch, Preflight, Plan, Apply, …). */
export const UnitStatus = z.enum(['running', 'succeeded', 'failed', 'skipped']).meta({ id: 'UnitStatus' })
export type UnitStatus = z.infer<typeof UnitStatus>

export const NodeFailure = z
  .object({ message: z.string(), code: z.string(), failureTypeList: z.array(FailureType) })
  .meta({ id: 'NodeFailure' })
export type NodeFailure = z.infer<typeof NodeFailure>

/** Part of a step with a status and a log section of its own, in the order they began. */
export const UnitProgress = z
  .object({ unitName: z.string(), status: UnitStatus, startTime: EpochMs, endTime: EpochMs.nullable() })
  .meta({ id: 'UnitProgress' })
export type UnitProgress = z.infer<typeof UnitProgress>

/** How far a database step has come. Of one that failed, `done` is what was told until then: at least so many. */
export const ChangesetProgress = z
  .object({
    done: z.number().int(),
    total: z.number().int(),
    /** The changeset that runs, or the last one that ran; null when the step has ended. */
    current: z
      .object({ path: z.string(), id: z.string(), author: z.string(), state: z.string(), startTs: EpochMs })
      .nullable(),
  })
  .meta({ id: 'ChangesetProgress' })
export type ChangesetProgress = z.infer<typeof ChangesetProgress>

/** A node of the execution graph: pipeline, stage, step group or step. */
export const GraphNode = z
  .object({
    uuid: z.string(),
    /** Id of the node in the plan: the same in every run of the same YAML. */
    setupId: z.string(),
    name: z.string(),
    identifier: z.string(),
    /** `pipeline.stages.deploy.spec.execution.steps.apply` */
    baseFqn: z.string(),
    /** `PIPELINE_SECTION`, `CUSTOM_STAGE`, `STEP_GROUP`, `InitializePod`, or the step's type in YAML. */
    stepType: z.string(),
    status: NodeExecutionStatus,
    startTs: EpochMs.nullable(),
    endTs: EpochMs.nullable(),
    failureInfo: NodeFailure.nullable(),
    /** Outputs by name of the outcome: `{ output: { … } }`; empty while there are none. */
    outcomes: z.record(z.string(), z.record(z.string(), z.unknown())),
    /** What the step was given, expressions evaluated once it has begun; null for what is no step. */
    stepParameters: z.record(z.string(), z.unknown()).nullable(),
    unitProgresses: z.array(UnitProgress),
    changesetProgress: ChangesetProgress.nullable(),
    /** Why it waits, e.g. for a delegate (each passed-over one with its reason). Null when it does not wait. */
    progressData: z.object({ message: z.string() }).nullable(),
    delegateInfoList: z.array(z.object({ id: z.string(), name: z.string(), taskId: z.string().nullable() })),
    /** Key of the node's log; `<logBaseKey>/<unitName>` where a unit has one of its own. */
    logBaseKey: z.string(),
    skipInfo: z.object({ reason: z.string() }).nullable(),
    nodeRunInfo: z.object({ whenCondition: z.string(), evaluatedCondition: z.boolean() }).nullable(),
    retryCount: z.number().int(),
  })
  .meta({ id: 'GraphNode' })
export type GraphNode = z.infer<typeof GraphNode>

/** A stage in the summary: what a picture of the pipeline needs. */
export const LayoutNode = z
  .object({
    nodeType: z.string(),
    nodeGroup: z.literal('STAGE'),
    nodeIdentifier: z.string(),
    name: z.string(),
    nodeUuid: z.string(),
    baseFqn: z.string(),
    status: ExecutionStatus,
    startTs: EpochMs.nullable(),
    endTs: EpochMs.nullable(),
    failureInfo: NodeFailure.nullable(),
    edgeLayoutList: z.object({ currentNodeChildren: z.array(z.string()), nextIds: z.array(z.string()) }),
  })
  .meta({ id: 'LayoutNode' })
export type LayoutNode = z.infer<typeof LayoutNode>

/** A run-time input and the value that a run was given for it, defaults included. */
export const UsedInput = z.object({ path: z.string(), name: z.string(), value: z.unknown() }).meta({ id: 'UsedInput' })
export type UsedInput = z.infer<typeof UsedInput>

/** Summary of one execution with its stages. */
const PipelineExecutionSummary = z
  .object({
    planExecutionId: z.string(),
    pipelineIdentifier: Identifier,
    name: z.string(),
    orgIdentifier: z.string().nullable(),
    projectIdentifier: z.string().nullable(),
    runSequence: z.number().int(),
    status: ExecutionStatus,
    startTs: EpochMs.nullable(),
    endTs: EpochMs.nullable(),
    failureInfo: NodeFailure.nullable(),
    executionTriggerInfo: z.object({
      triggerType: z.string(),
      triggeredBy: z.object({ identifier: z.string(), name: z.string(), email: z.string().nullable() }),
    }),
    inputs: z.array(UsedInput),
    /** Stages by node execution id, beginning at `startingNodeId` along `edgeLayoutList.nextIds`. */
    layoutNodeMap: z.record(z.string(), LayoutNode),
    startingNodeId: z.string(),
    totalStagesCount: z.number().int(),
    successfulStagesCount: z.number().int(),
    failedStagesCount: z.number().int(),
    runningStagesCount: z.number().int(),
  })
  .meta({ id: 'PipelineExecutionSummary' })

/** Nodes by id. `children` holds the first child; its siblings follow along `nextIds`. */
export const ExecutionGraph = z
  .object({
    rootNodeId: z.string(),
    nodeMap: z.record(z.string(), GraphNode),
    nodeAdjacencyListMap: z.record(
      z.string(),
      z.object({ children: z.array(z.string()), nextIds: z.array(z.string()) }),
    ),
  })
  .meta({ id: 'ExecutionGraph' })
export type ExecutionGraph = z.infer<typeof ExecutionGraph>

/** The published shape of one execution, whole. */
export const ExecutionDetail = z
  .object({ pipelineExecutionSummary: PipelineExecutionSummary, executionGraph: ExecutionGraph })
  .meta({ id: 'ExecutionDetail' })
export type ExecutionDetail = z.infer<typeof ExecutionDetail>

export { outputsContext } from './context/outputs-context.ts'
export { publicExecutionStatus, publicNodeStatus, publicSummaryStatus } from './graph/public-status.ts'
export { redactSecrets } from './graph/redact-secrets.ts'
export { toExecutionGraph } from './graph/to-execution-graph.ts'
export { compilePlan, DEFAULT_TIMEOUTS } from './plan/compile-plan.ts'
export type {
  ExecutionPlan,
  PlanNode,
  PodPlan,
  RunContext,
  StepGroupNode,
  StepNode,
  StepType,
} from './plan/execution-plan.ts'
export { advance } from './state/advance.ts'
export type { Advance, NodeChange } from './state/draft.ts'
export type { Effect, NodeTransition, PodStep, SubmitTaskEffect } from './state/effect.ts'
export type { EngineTaskKind, EngineTaskResult, ExecutionEvent } from './state/event.ts'
export {
  createExecution,
  type ExecutionState,
  isExecutionFinished,
  loadExecution,
  nextDueAt,
} from './state/execution-state.ts'
export {
  attemptIdOf,
  nodeIdOfAttempt,
  type NodeRecord,
  type NodeStop,
  type NodeTask,
  type NodeUnit,
  type PodCleanup,
  podIdOfGroup,
} from './state/node-record.ts'
export { isActive, isFailure, isFinal, isWaiting, NODE_STATUSES, type NodeStatus } from './state/node-status.ts'
export { noteProgress } from './state/note-progress.ts'
export { outstandingEffects } from './state/outstanding-effects.ts'
export { CANCEL_GRACE_MS } from './state/stop-node.ts'
export { formatDuration, parseDuration } from './yaml/duration.ts'
export { parsePipelineYaml, type ParsedPipeline } from './yaml/parse-pipeline-yaml.ts'
export { applyPipelineInputs, pipelineInputs, pipelineInputTemplate } from './yaml/pipeline-inputs.ts'
export { pipelineJsonSchema } from './yaml/pipeline-json-schema.ts'
export type { Pipeline } from './yaml/pipeline.ts'
export type { Position, Positions } from './yaml/positions.ts'
export type { PipelineProblem } from './yaml/problem.ts'

import type { JsonObject } from '@sluice/expressions'
import type { Variable } from '../yaml/field.ts'
import type { Pipeline, Stage } from '../yaml/pipeline.ts'
import type { Step } from '../yaml/step.ts'
import type { ExecutionItem, StepGroup, StepGroupInfra } from '../yaml/step-group.ts'
import type { ExecutionPlan, PlanNode, PlanVariable, PlanWhen, RunContext, StepType } from './execution-plan.ts'

/**
 * How long a step may take when nothing is written. Only steps that change nothing have the published 10 minutes: a long
 * migration is not an error.
 */
export const DEFAULT_TIMEOUTS: Readonly<Record<StepType, string>> = {
  InitializePod: '10m',
  DBSchemaUpdateSQL: '10m',
  DBSchemaApply: '1d',
}

const ROOT_ID = 'pipeline'

/**
 * Compiles a checked pipeline into the tree of nodes that a run goes through. A step that needs a pod and is in none gets
 * an implicit group; a group with a pod gets a first child that makes it. Expressions are kept.
 * @param pipeline without runtime inputs: the result of `applyPipelineInputs`
 */
export function compilePlan(pipeline: Pipeline, run: RunContext): ExecutionPlan {
  const nodes: PlanNode[] = []
  const stages = pipeline.stages.map((item) => item.stage)
  const ids = stages.map((stage) => `${ROOT_ID}.stages.${stage.identifier}`)
  nodes.push({
    kind: 'pipeline',
    id: ROOT_ID,
    identifier: pipeline.identifier,
    name: pipeline.name,
    baseFqn: ROOT_ID,
    parentId: null,
    children: ids,
    timeout: pipeline.timeout ?? null,
    when: null,
    failureStrategies: [],
    delegateSelectors: pipeline.delegateSelectors ?? [],
    variables: compileVariables(pipeline.variables),
  })
  for (const stage of stages) compileStage(stage, nodes)
  return {
    schemaVersion: 1,
    run,
    pipeline: {
      identifier: pipeline.identifier,
      name: pipeline.name,
      orgIdentifier: pipeline.orgIdentifier ?? null,
      projectIdentifier: pipeline.projectIdentifier ?? null,
      tags: pipeline.tags ?? {},
    },
    rootId: ROOT_ID,
    nodes,
  }
}

function compileStage(stage: Stage, nodes: PlanNode[]): void {
  const id = `${ROOT_ID}.stages.${stage.identifier}`
  const prefix = `${id}.spec.execution.steps`
  const { steps } = stage.spec.execution
  nodes.push({
    kind: 'stage',
    stageType: stage.type,
    id,
    identifier: stage.identifier,
    name: stage.name ?? stage.identifier,
    baseFqn: id,
    parentId: ROOT_ID,
    children: steps.map((item) => itemId(item, prefix, null)),
    timeout: stage.timeout ?? null,
    when: compileWhen('pipeline', stage.when?.pipelineStatus, stage.when?.condition),
    failureStrategies: stage.failureStrategies ?? [],
    delegateSelectors: stage.delegateSelectors ?? [],
    variables: compileVariables(stage.variables),
  })
  for (const item of steps) compileItem(item, { parentId: id, prefix, podGroupId: null }, nodes)
}

interface Place {
  parentId: string
  /** Path of the list of steps. */
  prefix: string
  podGroupId: string | null
}

/** Every step type of today needs a pod, so one outside a pod is represented by the group around it. */
function itemId(item: ExecutionItem, prefix: string, podGroupId: string | null): string {
  if (item.stepGroup !== undefined) return `${prefix}.${item.stepGroup.identifier}`
  const id = `${prefix}.${item.step?.identifier ?? ''}`
  return podGroupId === null ? podIdOf(id) : id
}

/** Colons are in no identifier: what the plan adds never collides with what people write. */
function podIdOf(stepId: string): string {
  return `${stepId}:pod`
}

function compileItem(item: ExecutionItem, place: Place, nodes: PlanNode[]): void {
  if (item.stepGroup !== undefined) compileGroup(item.stepGroup, place, nodes)
  else if (item.step !== undefined && place.podGroupId !== null) compileStep(item.step, place, place.podGroupId, nodes)
  else if (item.step !== undefined) compileLoneStep(item.step, place, nodes)
}

function compileGroup(group: StepGroup, place: Place, nodes: PlanNode[]): void {
  const id = `${place.prefix}.${group.identifier}`
  const prefix = `${id}.steps`
  const infra = group.stepGroupInfra
  const podGroupId = place.podGroupId ?? (infra === undefined ? null : id)
  const makesPod = podGroupId === id
  const children = group.steps.map((item) => itemId(item, prefix, podGroupId))
  nodes.push({
    kind: 'stepGroup',
    id,
    identifier: group.identifier,
    name: group.name ?? group.identifier,
    baseFqn: id,
    parentId: place.parentId,
    children: makesPod ? [initializeIdOf(id), ...children] : children,
    timeout: group.timeout ?? null,
    when: compileWhen('stage', group.when?.stageStatus, group.when?.condition),
    failureStrategies: group.failureStrategies ?? [],
    delegateSelectors: group.delegateSelectors ?? [],
    variables: compileVariables(group.variables),
    pod: makesPod ? { infra: infra ?? null } : null,
    implicit: false,
  })
  if (makesPod) nodes.push(initializeNode(id, infra ?? null))
  for (const item of group.steps) compileItem(item, { parentId: id, prefix, podGroupId }, nodes)
}

/** The group takes the step's conditions and strategies: a step that is skipped makes no pod. */
function compileLoneStep(step: Step, place: Place, nodes: PlanNode[]): void {
  const stepId = `${place.prefix}.${step.identifier}`
  const id = podIdOf(stepId)
  nodes.push({
    kind: 'stepGroup',
    id,
    identifier: step.identifier,
    name: step.name ?? step.identifier,
    baseFqn: id,
    parentId: place.parentId,
    children: [initializeIdOf(id), stepId],
    timeout: null,
    when: compileWhen('stage', step.when?.stageStatus, step.when?.condition),
    failureStrategies: step.failureStrategies ?? [],
    delegateSelectors: step.spec.delegateSelectors ?? [],
    variables: [],
    pod: { infra: null },
    implicit: true,
  })
  nodes.push(initializeNode(id, null))
  const { when: _when, failureStrategies: _failureStrategies, ...rest } = step
  compileStep(rest, { ...place, parentId: id }, id, nodes)
}

function initializeIdOf(groupId: string): string {
  return `${groupId}:initialize`
}

function initializeNode(groupId: string, infra: StepGroupInfra | null): PlanNode {
  const id = initializeIdOf(groupId)
  return {
    kind: 'step',
    stepType: 'InitializePod',
    id,
    identifier: 'initialize',
    name: 'Initialize',
    baseFqn: id,
    parentId: groupId,
    children: [],
    timeout: infra?.spec?.initTimeout ?? DEFAULT_TIMEOUTS.InitializePod,
    when: null,
    failureStrategies: [],
    delegateSelectors: [],
    variables: [],
    spec: asJsonObject(infra?.spec ?? {}),
    podGroupId: groupId,
  }
}

function compileStep(step: Step, place: Place, podGroupId: string, nodes: PlanNode[]): void {
  const id = `${place.prefix}.${step.identifier}`
  const { delegateSelectors, ...spec } = step.spec
  nodes.push({
    kind: 'step',
    stepType: step.type,
    id,
    identifier: step.identifier,
    name: step.name ?? step.identifier,
    baseFqn: id,
    parentId: place.parentId,
    children: [],
    timeout: step.timeout ?? DEFAULT_TIMEOUTS[step.type],
    when: compileWhen('stage', step.when?.stageStatus, step.when?.condition),
    failureStrategies: step.failureStrategies ?? [],
    delegateSelectors: delegateSelectors ?? [],
    variables: [],
    spec: asJsonObject(spec),
    podGroupId,
  })
}

function compileWhen(
  scope: PlanWhen['scope'],
  status: PlanWhen['status'] | undefined,
  condition: string | undefined,
): PlanWhen | null {
  if (status === undefined && condition === undefined) return null
  return { scope, status: status ?? 'Success', condition: condition ?? null }
}

function compileVariables(variables: readonly Variable[] | undefined): PlanVariable[] {
  return (variables ?? []).map((variable) => {
    const value = variable.value === undefined || variable.value === '' ? (variable.default ?? '') : variable.value
    // A secret variable holds the secret's name; looking it up gives the reference.
    const secret = variable.type === 'Secret' && typeof value === 'string' && value !== '' && !value.includes('<+')
    return { name: variable.name, value: secret ? `<+secrets.getValue("${value}")>` : value }
  })
}

/** Checked input is JSON but for optional fields that are undefined. */
function asJsonObject(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value))
}

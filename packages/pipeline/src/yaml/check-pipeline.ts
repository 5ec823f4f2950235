import {
  checkConditionSyntax,
  checkTextSyntax,
  ExpressionError,
  isRuntimeInput,
  parseRuntimeInput,
} from '@sluice/expressions'
import type { Pipeline } from './pipeline.ts'
import type { Path } from './positions.ts'
import type { Step } from './step.ts'
import type { ExecutionItem } from './step-group.ts'
import type { Variable } from './field.ts'

/** Most stages, step groups and steps of one pipeline together. */
export const MAX_NODES = 1_000
/** Deepest step group in a step group. */
export const MAX_GROUP_DEPTH = 10

/** Most steps that share one pod: each may be a container in it. */
export const MAX_POD_STEPS = 64

/** Something wrong that no single field shows. */
export interface Finding {
  readonly path: Path
  readonly message: string
}

/** Rules across fields: unique identifiers, one thing per list entry, pods, size, readable expressions. */
export function checkPipeline(pipeline: Pipeline): Finding[] {
  const findings: Finding[] = []
  const counter = { nodes: 0 }
  checkUnique(
    pipeline.stages.map((item, index) => ({
      name: item.stage.identifier,
      path: ['pipeline', 'stages', index, 'stage', 'identifier'],
    })),
    'stages',
    findings,
  )
  checkVariables(pipeline.variables, ['pipeline', 'variables'], findings)
  pipeline.stages.forEach((item, index) => {
    counter.nodes += 1
    const path = ['pipeline', 'stages', index, 'stage']
    checkVariables(item.stage.variables, [...path, 'variables'], findings)
    checkItems(
      item.stage.spec.execution.steps,
      [...path, 'spec', 'execution', 'steps'],
      { depth: 0, pod: undefined, containers: false },
      findings,
      counter,
    )
  })
  if (counter.nodes > MAX_NODES) {
    findings.push({
      path: ['pipeline', 'stages'],
      message: `The pipeline has ${counter.nodes} stages, step groups and steps; ${MAX_NODES} are allowed. Split it into several pipelines.`,
    })
  }
  return findings
}

interface Surroundings {
  depth: number
  /** Identifier of the group whose pod the steps share. */
  pod: string | undefined
  /** The pod has containers, made of images. */
  containers: boolean
}

function checkItems(
  items: readonly ExecutionItem[],
  path: Path,
  around: Surroundings,
  findings: Finding[],
  counter: { nodes: number },
): void {
  const names: { name: string; path: Path }[] = []
  items.forEach((item, index) => {
    counter.nodes += 1
    const here = [...path, index]
    const { step, stepGroup } = item
    if ((step === undefined) === (stepGroup === undefined)) {
      findings.push({ path: here, message: 'Each entry of "steps" holds exactly one of "step" and "stepGroup".' })
      return
    }
    if (step !== undefined) {
      names.push({ name: step.identifier, path: [...here, 'step', 'identifier'] })
      if (!around.containers) checkContainerFields(step, [...here, 'step', 'spec'], findings)
    }
    if (stepGroup === undefined) return
    const groupPath = [...here, 'stepGroup']
    names.push({ name: stepGroup.identifier, path: [...groupPath, 'identifier'] })
    checkVariables(stepGroup.variables, [...groupPath, 'variables'], findings)
    if (around.depth + 1 > MAX_GROUP_DEPTH) {
      findings.push({ path: groupPath, message: `Step groups may be nested ${MAX_GROUP_DEPTH} deep at most.` })
      return
    }
    if (stepGroup.stepGroupInfra !== undefined && around.pod !== undefined) {
      findings.push({
        path: [...groupPath, 'stepGroupInfra'],
        message: `The step group "${stepGroup.identifier}" is inside the pod of "${around.pod}" and can't have a pod of its own. Remove its "stepGroupInfra" or move it out.`,
      })
    }
    const infra = stepGroup.stepGroupInfra?.type
    const pod = around.pod ?? (stepGroup.stepGroupInfra === undefined ? undefined : stepGroup.identifier)
    const containers = around.containers || (infra !== undefined && infra !== 'Process')
    checkItems(
      stepGroup.steps,
      [...groupPath, 'steps'],
      { depth: around.depth + 1, pod, containers },
      findings,
      counter,
    )
    const steps = countSteps(stepGroup.steps)
    if (infra !== undefined && steps > MAX_POD_STEPS) {
      findings.push({
        path: groupPath,
        message: `The step group "${stepGroup.identifier}" has ${steps} steps in one pod; ${MAX_POD_STEPS} are allowed. Split it into several groups.`,
      })
    }
  })
  checkUnique(names, 'steps and step groups', findings)
}

/** Fields that only a container can honour are not ignored where a step runs as a process. */
function checkContainerFields({ identifier, spec }: Step, path: Path, findings: Finding[]): void {
  for (const field of ['image', 'privileged', 'runAsUser'] as const) {
    if (spec[field] === undefined || spec[field] === false) continue
    findings.push({
      path: [...path, field],
      message: `The step "${identifier}" runs as a process, without a container, so its "${field}" can't be honoured. Remove it, or put the step into a step group whose "stepGroupInfra" is KubernetesDirect or Docker.`,
    })
  }
}

function countSteps(items: readonly ExecutionItem[]): number {
  let steps = 0
  for (const { step, stepGroup } of items) steps += step === undefined ? countSteps(stepGroup?.steps ?? []) : 1
  return steps
}

function checkVariables(variables: readonly Variable[] | undefined, path: Path, findings: Finding[]): void {
  const names = (variables ?? []).map((variable, index) => ({ name: variable.name, path: [...path, index, 'name'] }))
  checkUnique(names, 'variables', findings)
}

function checkUnique(items: readonly { name: string; path: Path }[], what: string, findings: Finding[]): void {
  const seen = new Set<string>()
  for (const { name, path } of items) {
    if (seen.has(name))
      findings.push({ path, message: `Two ${what} here are named "${name}". Give one of them another identifier.` })
    seen.add(name)
  }
}

/** Every expression of the document can be read; nothing is evaluated. */
export function checkExpressions(value: unknown, path: Path = []): Finding[] {
  if (typeof value === 'string') {
    try {
      if (path.at(-1) === 'condition') checkConditionSyntax(value)
      else if (isRuntimeInput(value) || value.includes('<+input>')) parseRuntimeInput(value)
      else checkTextSyntax(value)
    } catch (error) {
      if (error instanceof ExpressionError) return [{ path, message: error.message }]
      throw error
    }
    return []
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => checkExpressions(item, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => checkExpressions(item, [...path, key]))
}

import type { Selector } from '@sluice/contracts/tasks'
import { evaluate, type EvaluationScope, ExpressionError } from '@sluice/expressions'
import { ancestry, lazyScope } from '../context/outputs-context.ts'
import type { PlanNode, StepNode } from '../plan/execution-plan.ts'
import type { StepStart } from './step-executors.ts'

/**
 * Selectors of a task: the first non-empty list of step, groups (innermost first), stage, pipeline. A pod needs a delegate
 * that suits all of its steps, so it has the selectors of each. Throws ExpressionError.
 */
export function selectDelegates(node: StepNode, start: StepStart): Selector[] {
  if (node.stepType !== 'InitializePod') return selectorsOf(node, start)
  const found = new Map<string, Selector>()
  for (const step of start.nodes.values()) {
    if (step.kind !== 'step' || step.podGroupId !== node.podGroupId || step.id === node.id) continue
    for (const selector of selectorsOf(step, start)) found.set(`${selector.origin} ${selector.selector}`, selector)
  }
  return [...found.values()]
}

function selectorsOf(node: PlanNode, start: StepStart): Selector[] {
  const scope = lazyScope(start.plan, start.state, node.id)
  for (const level of ancestry(start.nodes, node.id).toReversed()) {
    const selectors = evaluateSelectors(level, scope)
    // What a lone step says stands on its implicit group too.
    const origin = level.kind === 'stepGroup' && level.implicit ? 'step' : level.kind
    if (selectors.length > 0) return selectors.map((selector) => ({ selector, origin }))
  }
  return []
}

function evaluateSelectors(node: PlanNode, scope: EvaluationScope): string[] {
  const written = node.delegateSelectors
  const value =
    typeof written === 'string' ? evaluate(written, scope) : written.map((selector) => evaluate(selector, scope))
  const list: readonly unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [value]
  return list.flatMap((selector) => {
    if (typeof selector !== 'string' || selector.length > 128) {
      throw new ExpressionError('type', `delegateSelectors of "${node.identifier}" must be short texts.`, {
        expression: 'delegateSelectors',
      })
    }
    return selector.trim() === '' ? [] : [selector.trim()]
  })
}

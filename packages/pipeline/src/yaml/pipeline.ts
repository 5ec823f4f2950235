import { z } from 'zod'
import { Identifier } from '@sluice/contracts/ids'
import { DelegateSelectors, Duration, ExpressionText, Name, Tags, text, Variables } from './field.ts'
import { FailureStrategies, StageWhen } from './flow.ts'
import { ExecutionItem, MAX_ITEMS } from './step-group.ts'

export const Stage = z
  .strictObject({
    identifier: Identifier,
    name: text(128).optional(),
    description: z.string().max(1_024).optional(),
    type: z.literal('Custom'),
    timeout: z.union([Duration, ExpressionText]).optional(),
    when: StageWhen.optional(),
    failureStrategies: FailureStrategies.optional(),
    delegateSelectors: DelegateSelectors.optional(),
    variables: Variables.optional(),
    tags: Tags.optional(),
    spec: z.strictObject({
      execution: z.strictObject({
        steps: z.array(ExecutionItem).min(1).max(MAX_ITEMS),
        // The visual editor writes an empty list; anything in it is refused until rollbacks are built.
        rollbackSteps: z.array(z.never()).optional(),
      }),
    }),
  })
  .meta({ id: 'Stage' })
export type Stage = z.infer<typeof Stage>

/** One entry of the list of stages: exactly one of its fields (`parallel` is not built yet). */
export const StageItem = z.strictObject({ stage: Stage })

export const Pipeline = z
  .strictObject({
    identifier: Identifier,
    name: Name,
    description: z.string().max(1_024).optional(),
    orgIdentifier: Identifier.optional(),
    projectIdentifier: Identifier.optional(),
    tags: Tags.optional(),
    timeout: z.union([Duration, ExpressionText]).optional(),
    delegateSelectors: DelegateSelectors.optional(),
    variables: Variables.optional(),
    allowStageExecutions: z.literal(false).optional(),
    notificationRules: z.array(z.never()).optional(),
    stages: z.array(StageItem).min(1).max(100),
  })
  .meta({ id: 'Pipeline' })
export type Pipeline = z.infer<typeof Pipeline>

/** A whole pipeline document. */
export const PipelineDocument = z
  .strictObject({ pipeline: Pipeline })
  .meta({ title: 'Pipeline', description: 'A Sluice pipeline' })

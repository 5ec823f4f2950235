import { z } from 'zod'
import { Identifier } from '@sluice/contracts/ids'
import { DelegateSelectors, Description, Duration, ExpressionText, Name, Tags, text, Variables } from './field.ts'
import { FailureStrategies, StageWhen } from './flow.ts'
import { ExecutionItem, MAX_ITEMS } from './step-group.ts'

export const Stage = z
  .strictObject({
    identifier: Identifier.meta({
      description: 'Names the stage in the pipeline; `<+pipeline.stages.IDENTIFIER.…>` leads into it. Never change it.',
      examples: ['staging'],
    }),
    name: text(128).optional().describe('Name that people read. Absent: the identifier.'),
    description: Description.optional().describe('What the stage is for.'),
    type: z.literal('Custom').describe('Kind of stage: any steps, one after the other.'),
    timeout: z
      .union([Duration, ExpressionText])
      .optional()
      .meta({ description: 'How long the whole stage may take. Absent: only its steps’ limits.', examples: ['2h'] }),
    when: StageWhen.optional().describe('When the stage runs. Absent: while nothing before it failed.'),
    failureStrategies: FailureStrategies.optional().describe(
      'What is done when something in the stage fails that has no strategy of its own.',
    ),
    delegateSelectors: DelegateSelectors.optional().meta({
      description: 'Tags that a delegate must have to run the stage’s steps.',
      examples: [['prod-network']],
    }),
    variables: Variables.optional().describe('Variables that only this stage sees: `<+stage.variables.NAME>`.'),
    tags: Tags.optional().describe('Labels to find it by: names with values.'),
    spec: z
      .strictObject({
        execution: z
          .strictObject({
            steps: z.array(ExecutionItem).min(1).max(MAX_ITEMS).describe('Steps and groups, run one after the other.'),
            // The visual editor writes an empty list; anything in it is refused until rollbacks are built.
            rollbackSteps: z.array(z.never()).optional().describe('Not built yet: must be empty.'),
          })
          .describe('The stage’s steps.'),
      })
      .describe('What the stage does.'),
  })
  .meta({ id: 'Stage', description: 'A part of the pipeline with steps of its own; stages run one after the other.' })
export type Stage = z.infer<typeof Stage>

/** One entry of the list of stages: exactly one of its fields (`parallel` is not built yet). */
export const StageItem = z.strictObject({ stage: Stage })

export const Pipeline = z
  .strictObject({
    identifier: Identifier.meta({
      description: 'Names the pipeline in its project; part of its address. It can’t be changed later.',
      examples: ['ship_shop_db'],
    }),
    name: Name.meta({ description: 'Name that people read.', examples: ['Ship shop DB'] }),
    description: Description.optional().describe('What the pipeline is for.'),
    orgIdentifier: Identifier.optional().describe('Organisation that it belongs to; absent, the one it is saved in.'),
    projectIdentifier: Identifier.optional().describe('Project that it belongs to; absent, the one it is saved in.'),
    tags: Tags.optional().describe('Labels to find it by: names with values.'),
    timeout: z
      .union([Duration, ExpressionText])
      .optional()
      .meta({
        description: 'How long a whole run may take. Absent: only the limits of what is in it.',
        examples: ['1d'],
      }),
    delegateSelectors: DelegateSelectors.optional().meta({
      description: 'Tags that a delegate must have to run anything of this pipeline.',
      examples: [['prod-network']],
    }),
    variables: Variables.optional().describe(
      'Values used in several places, as `<+pipeline.variables.NAME>`; with `<+input>` each run is asked for them.',
    ),
    allowStageExecutions: z
      .literal(false)
      .optional()
      .meta({ description: 'Not built yet: only `false` is taken.', default: false }),
    notificationRules: z.array(z.never()).optional().describe('Not built yet: must be empty.'),
    stages: z.array(StageItem).min(1).max(100).describe('Stages, run one after the other.'),
  })
  .meta({ id: 'Pipeline', description: 'A pipeline: stages of steps that run one after the other.' })
export type Pipeline = z.infer<typeof Pipeline>

/** A whole pipeline document. */
export const PipelineDocument = z
  .strictObject({ pipeline: Pipeline })
  .meta({ title: 'Pipeline', description: 'A Sluice pipeline' })

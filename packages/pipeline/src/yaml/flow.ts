import { z } from 'zod'
import { FAILURE_TYPES } from '@sluice/contracts/errors'

const Status = z.enum(['Success', 'Failure', 'All'])
const Condition = z
  .string()
  .min(1)
  .max(4_096)
  .meta({
    description: 'It runs only where this is true as well; a comparison of expressions.',
    examples: ["<+pipeline.variables.target> == 'prod'", '<+steps.preview.output.changeSetCount> > 0'],
  })

/** When a stage runs: by how the pipeline went so far, and a condition. */
export const StageWhen = z
  .strictObject({
    pipelineStatus: Status.optional().meta({
      description:
        'How the pipeline went so far: `Success` (nothing failed), `Failure` (something failed), or `All` (always).',
      default: 'Success',
    }),
    condition: Condition.optional(),
  })
  .meta({ id: 'StageWhen', description: 'When the stage runs; otherwise it is skipped.' })
/** When a step or step group runs: by how its stage went so far, and a condition. */
export const StepWhen = z
  .strictObject({
    stageStatus: Status.optional().meta({
      description:
        'How its stage went so far: `Success` (nothing failed), `Failure` (something failed), or `All` (always).',
      default: 'Success',
    }),
    condition: Condition.optional(),
  })
  .meta({ id: 'StepWhen', description: 'When the step or group runs; otherwise it is skipped.' })

/** Classes of failure that a strategy can name. Some are never given by what is built today; they just don't match. */
export const FAILURE_CLASSES = ['AllErrors', ...FAILURE_TYPES, 'InputTimeoutError', 'ApprovalRejection'] as const

/** What a failure strategy can do today. */
export const FAILURE_ACTIONS = ['Ignore', 'MarkAsFailure', 'MarkAsSuccess', 'Abort'] as const

export const FailureStrategy = z
  .strictObject({
    onFailure: z
      .strictObject({
        errors: z
          .array(z.enum(FAILURE_CLASSES))
          .min(1)
          .max(32)
          .meta({
            description: 'Classes of failure that this strategy is for; `AllErrors` is every one.',
            examples: [['AllErrors'], ['Timeout', 'Connectivity']],
          }),
        action: z
          .strictObject({
            type: z
              .enum(FAILURE_ACTIONS)
              .describe(
                '`Ignore`: goes on, and shows the failure. `MarkAsSuccess`: goes on as if it had succeeded. `MarkAsFailure`: fails it. `Abort`: ends the whole run.',
              ),
          })
          .describe('What is done then.'),
      })
      .describe('One rule: for these failures, this action.'),
  })
  .meta({
    id: 'FailureStrategy',
    description: 'What is done when it fails. The nearest rule that fits counts: the step’s, its group’s, its stage’s.',
  })
export type FailureStrategy = z.infer<typeof FailureStrategy>
export const FailureStrategies = z.array(FailureStrategy).max(16)

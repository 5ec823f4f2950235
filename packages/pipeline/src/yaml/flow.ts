import { z } from 'zod'
import { FAILURE_TYPES } from '@sluice/contracts/errors'

const Status = z.enum(['Success', 'Failure', 'All'])
const Condition = z.string().min(1).max(4_096)

/** When a stage runs: by how the pipeline went so far, and a condition. */
export const StageWhen = z
  .strictObject({ pipelineStatus: Status.optional(), condition: Condition.optional() })
  .meta({ id: 'StageWhen' })
/** When a step or step group runs: by how its stage went so far, and a condition. */
export const StepWhen = z
  .strictObject({ stageStatus: Status.optional(), condition: Condition.optional() })
  .meta({ id: 'StepWhen' })

/** Classes of failure that a strategy can name. Some are never given by what is built today; they just don't match. */
export const FAILURE_CLASSES = ['AllErrors', ...FAILURE_TYPES, 'InputTimeoutError', 'ApprovalRejection'] as const

/** What a failure strategy can do today. */
export const FAILURE_ACTIONS = ['Ignore', 'MarkAsFailure', 'MarkAsSuccess', 'Abort'] as const

export const FailureStrategy = z
  .strictObject({
    onFailure: z.strictObject({
      errors: z.array(z.enum(FAILURE_CLASSES)).min(1).max(32),
      action: z.strictObject({ type: z.enum(FAILURE_ACTIONS) }),
    }),
  })
  .meta({ id: 'FailureStrategy' })
export type FailureStrategy = z.infer<typeof FailureStrategy>
export const FailureStrategies = z.array(FailureStrategy).max(16)

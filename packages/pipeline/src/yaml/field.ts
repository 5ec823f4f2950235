import { z } from 'zod'
import { Identifier, Reference } from '@sluice/contracts/ids'
import { DURATION_PATTERN, parseDuration } from './duration.ts'

/** Text that is evaluated when its node starts, or a runtime input. */
export const ExpressionText = z
  .string()
  .max(8_192)
  .regex(/<\+/, { error: 'must be an expression <+…>', abort: true })
  .meta({ id: 'Expression', description: 'an expression <+…>, or the runtime input <+input>' })

/** A field that is either fixed or an expression. */
export function orExpression<Schema extends z.ZodType>(schema: Schema) {
  return z.union([schema, ExpressionText])
}

/** Text of any kind, expressions welcome. */
export function text(max: number) {
  return z.string().min(1).max(max)
}

export const Name = z
  .string()
  .regex(
    /^[a-zA-Z_0-9.-][-0-9a-zA-Z_\s.]{0,127}$/,
    'must hold only letters, digits, spaces, "_", "-" and "." (128 characters at most)',
  )

export const Duration = z
  .string()
  .regex(DURATION_PATTERN, { error: 'must be a duration such as 30s, 10m or 1h 30m', abort: true })
  .refine((value) => parseDuration(value) !== undefined, { message: 'must be between one second and 365 days' })
  .meta({ id: 'Duration', examples: ['30s', '10m', '1h 30m', '1d'] })

/** Seven days: what a delegate's task may take. */
export const MAX_STEP_TIMEOUT_MS = 7 * 86_400_000

export const StepDuration = Duration.refine((value) => (parseDuration(value) ?? 0) <= MAX_STEP_TIMEOUT_MS, {
  message: 'must be 7 days at most: a delegate holds no task longer',
})

/** True or false; also as text, which is what a runtime input's default is. */
export const Flag = z.union([z.boolean(), z.enum(['true', 'false'])])

export const Tags = z.record(z.string().min(1).max(128), z.string().max(128))
export const DelegateSelectors = orExpression(z.array(text(128)).max(16))

/** Values that are handed on as they are. */
export const JsonData = z.json()

export const Variable = z.discriminatedUnion('type', [
  z.strictObject({
    name: Identifier,
    type: z.literal('String'),
    value: z.string().max(16_384).optional(),
    default: z.string().max(16_384).optional(),
    required: z.boolean().optional(),
    description: z.string().max(1_024).optional(),
  }),
  z.strictObject({
    name: Identifier,
    type: z.literal('Number'),
    value: orExpression(
      z.union([z.number(), z.string().regex(/^-?\d{1,15}(\.\d{1,15})?$/, 'must be a number')]),
    ).optional(),
    default: z.number().optional(),
    required: z.boolean().optional(),
    description: z.string().max(1_024).optional(),
  }),
  z.strictObject({
    name: Identifier,
    type: z.literal('Secret'),
    value: orExpression(Reference).optional(),
    default: Reference.optional(),
    required: z.boolean().optional(),
    description: z.string().max(1_024).optional(),
  }),
])
export type Variable = z.infer<typeof Variable>
export const Variables = z.array(Variable).max(256)

import { z } from 'zod'
import { Identifier, Reference } from '@sluice/contracts/ids'
import { DURATION_PATTERN, parseDuration } from './duration.ts'

/** Text that is evaluated when its node starts, or a runtime input. */
export const ExpressionText = z
  .string()
  .max(8_192)
  .regex(/<\+/, { error: 'must be an expression <+…>', abort: true })
  .meta({ id: 'Expression', description: 'an expression `<+…>`, or the run-time input `<+input>`' })

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
  .meta({
    id: 'Duration',
    description: 'a time such as `30s`, `10m`, `1h 30m` or `1d`',
    examples: ['30s', '10m', '1h 30m', '1d'],
  })

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

/** A text that people read beside a thing; never evaluated. */
export const Description = z.string().max(1_024)

const variable = {
  name: Identifier.describe(
    'Name of the variable: `<+pipeline.variables.NAME>` or `<+stage.variables.NAME>` is its value.',
  ),
  required: z.boolean().optional().meta({ description: 'A run without a value for it is refused.', default: false }),
  description: Description.optional().describe('What the variable is for; the run dialog shows it.'),
}
const VALUE = 'Its value: fixed, an expression, or `<+input>` to be asked at each run.'
const DEFAULT = 'What a `<+input>` of this variable falls back to.'
const INPUT_EXAMPLES = [
  '<+input>',
  '<+input>.default(stg)',
  '<+input>.allowedValues(stg,prod)',
  '<+input>.regex([a-z]+)',
]

export const Variable = z.discriminatedUnion('type', [
  z.strictObject({
    ...variable,
    type: z.literal('String').describe('A text.'),
    value: z.string().max(16_384).optional().meta({ description: VALUE, examples: INPUT_EXAMPLES }),
    default: z.string().max(16_384).optional().describe(DEFAULT),
  }),
  z.strictObject({
    ...variable,
    type: z.literal('Number').describe('A number.'),
    value: orExpression(z.union([z.number(), z.string().regex(/^-?\d{1,15}(\.\d{1,15})?$/, 'must be a number')]))
      .optional()
      .meta({ description: VALUE, examples: [10, '<+input>.default(10)'] }),
    default: z.number().optional().describe(DEFAULT),
  }),
  z.strictObject({
    ...variable,
    type: z.literal('Secret').describe('A reference to a secret; its value never appears in Sluice.'),
    value: orExpression(Reference)
      .optional()
      .meta({
        description: 'The secret: `id` in this project, `org.id` or `account.id`; or `<+input>`.',
        examples: ['org.orders_pw', '<+input>'],
      }),
    default: Reference.optional().describe('The secret that a `<+input>` of this variable falls back to.'),
  }),
])
export type Variable = z.infer<typeof Variable>
export const Variables = z.array(Variable).max(256)

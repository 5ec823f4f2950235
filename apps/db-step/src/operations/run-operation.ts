import { AppError, assertNever } from '@sluice/contracts/errors'
import { ConnectionTestParameters, DbStepSpec, ScmCallParameters } from '@sluice/contracts/tasks'
import type { StepContext } from '../modules/step/step-context.ts'
import type { OperationName } from './names.ts'
import { apply } from './apply.ts'
import { markBaseline } from './baseline.ts'
import { preview } from './preview.ts'
import { readRepository } from './read-repository.ts'
import { readStatus } from './status.ts'
import { testConnection } from './test-connection.ts'

/**
 * Runs one operation; answers the body of its result.
 * @throws AppError for every failure of the step; AppError INVALID_REQUEST for parameters that don't fit.
 */
export async function runOperation(name: OperationName, parameters: unknown, context: StepContext): Promise<unknown> {
  if (name === 'connection.test') return testConnection(parse(ConnectionTestParameters, parameters), context)
  if (name === 'scm.call') return readRepository(parse(ScmCallParameters, parameters), context)
  const spec = parse(DbStepSpec, parameters)
  const { run } = spec
  if (run.operation !== name) {
    throw new AppError('INVALID_REQUEST', `The step was asked for "${name}" with the parameters of "${run.operation}".`)
  }
  switch (run.operation) {
    case 'preview':
      return preview(spec, context)
    case 'apply':
      return apply(spec, run, context)
    case 'status':
      return readStatus(spec, context)
    case 'baseline':
      return markBaseline(spec, run, context)
    default:
      return assertNever(run)
  }
}

function parse<Value>(
  schema: { safeParse(input: unknown): { success: true; data: Value } | { success: false; error: Error } },
  input: unknown,
): Value {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw new AppError('INVALID_REQUEST', `The step's parameters are not valid: ${parsed.error.message}`)
}

import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import { ApiProblem } from './problem.ts'
import { type EntityScope, targetOf } from './reference.ts'
import { fieldProblem } from './field-problem.ts'

/** A secret by the reference that the project names it with: what it is called and who uses it, never its value. */
export function secretQuery(scope: EntityScope, reference: string) {
  const { identifier, query } = targetOf(reference, scope)
  return queryOptions({
    queryKey: ['secrets', query, 'one', identifier],
    queryFn: ({ signal }) => call('getSecret', { params: { identifier }, query }, { signal }),
  })
}

/** What is wrong with the value, to be told at its field; undefined where something else failed. */
export function valueProblem(error: unknown): string | undefined {
  return error instanceof ApiProblem && error.code === 'SECRET_TOO_SHORT'
    ? error.message
    : fieldProblem(error, 'secret.spec.value')
}

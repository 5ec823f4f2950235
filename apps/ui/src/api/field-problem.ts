import { ApiProblem } from './problem.ts'

/** What the API said about the field at `path` of the body, such as `connector.spec.url`; undefined where nothing. */
export function fieldProblem(error: unknown, path: string): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined
  const found = error.problems.find((problem) => problem.path === path || problem.path === `body.${path}`)
  return found === undefined ? undefined : `${found.message.charAt(0).toUpperCase()}${found.message.slice(1)}`
}

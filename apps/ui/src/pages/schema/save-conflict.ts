import { ApiProblem } from '../../api/problem.ts'

/**
 * Saves; where somebody else saved in between, says what that means for what was typed here.
 * @throws ApiProblem
 */
export async function savingOver<Result>(kind: string, save: () => Promise<Result>): Promise<Result> {
  try {
    return await save()
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== 'VERSION_CONFLICT') throw error
    throw new ApiProblem({
      code: error.code,
      status: error.status,
      message: `${error.message} What you typed is still here and is not saved: copy what you need, then reload the page to see the ${kind} as it is now.`,
      correlationId: error.correlationId,
      details: error.details,
    })
  }
}

import { isAppError } from '@sluice/contracts/errors'
import { resolveRef } from '@sluice/contracts/scm'
import type { GitSource } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'

/**
 * Asks scm-service for the commit behind a branch or tag, as it was when the execution began or later.
 * @param readSince epoch ms of that
 * @returns undefined where the control plane can't read the repository (it has no credentials, or is not let through):
 * the pod will look, in the customer's network and with the secret.
 * @throws AppError GIT_REF_NOT_FOUND, URL_REFUSED, GIT_FAILED; SERVICE_UNAVAILABLE that names the edge
 */
export async function resolveCommit(
  deps: Pick<Deps, 'client'>,
  actor: Actor,
  source: GitSource,
  readSince: number | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const ref = source.branch === undefined ? { tag: source.tag } : { branch: source.branch }
  try {
    const body = { url: source.url, ...ref, readSince }
    const answer = await deps.client.call(resolveRef, { body }, { actor, signal })
    return answer.resolved ? answer.commit : undefined
  } catch (error) {
    // Some hosts answer as if a private repository did not exist: only whoever has the secret can tell.
    const isPrivate = source.passwordSecret !== undefined && isAppError(error) && error.code === 'GIT_FAILED'
    if (isPrivate) return undefined
    throw error
  }
}

import { AppError, isAppError } from '@sluice/contracts/errors'
import type { ResolvedRef } from '@sluice/contracts/scm'
import type { Git, GitReader } from '../git/git-reader.ts'
import { fullRefName, listRemoteRefs, noSuchRef, type RefChoice } from '../git/read-refs.ts'
import type { RefCache } from './ref-cache.ts'

export interface ResolveRefInput extends RefChoice {
  accountId: string
  url: string
  /** Epoch ms: an answer that the host gave earlier will not do. */
  readSince?: number
}

/** Steps of one run ask the host once; a push is seen after this at the latest, or at once by a run that begins later. */
export const REF_FRESH_MS = 30_000

export type ResolveRef = (input: ResolveRefInput) => Promise<ResolvedRef>

/**
 * Makes the operation that resolves a branch or tag to its commit. Equal questions at the same time are one call.
 * It throws AppError GIT_REF_NOT_FOUND, URL_REFUSED, GIT_FAILED.
 */
export function createResolveRef(deps: { reader: GitReader; cache: RefCache }): ResolveRef {
  const asking = new Map<string, { since: number; answer: Promise<ResolvedRef> }>()

  const ask = async (input: ResolveRefInput): Promise<ResolvedRef> => {
    const key = { accountId: input.accountId, url: input.url, ref: fullRefName(input) }
    const since = Math.max(Date.now() - REF_FRESH_MS, input.readSince ?? 0)
    const known = await deps.cache.find(key, new Date(since))
    if (known !== undefined) return { resolved: true, commit: known.commit, readAt: known.readAt.getTime() }
    const answer = await readCommit(deps.reader, input)
    if (!answer.resolved) return answer
    await deps.cache.save(key, { commit: answer.commit, readAt: new Date(answer.readAt) })
    return answer
  }

  return async (input) => {
    const key = JSON.stringify([input.accountId, input.url, fullRefName(input)])
    const known = asking.get(key)
    if (known !== undefined && known.since >= (input.readSince ?? 0)) return known.answer
    const own = {
      since: Date.now(),
      answer: ask(input).finally(() => {
        if (asking.get(key) === own) asking.delete(key)
      }),
    }
    asking.set(key, own)
    return own.answer
  }
}

async function readCommit(reader: GitReader, input: ResolveRefInput): Promise<ResolvedRef> {
  const name = fullRefName(input)
  const work = async (git: Git, url: string): Promise<ResolvedRef> => {
    const readAt = Date.now()
    const refs = await listRemoteRefs(git, url, input.tag === undefined ? [name] : [name, `${name}^{}`])
    // An annotated tag is an object of its own; its peeled name is the commit.
    const found = refs.find((ref) => ref.name === `${name}^{}`) ?? refs.find((ref) => ref.name === name)
    if (found === undefined) throw noSuchRef(input, url)
    return { resolved: true, commit: found.commit, readAt }
  }
  try {
    return await reader.read(input.url, work)
  } catch (error) {
    // Some hosts deny that a private repository exists. Unlike a missing ref this may not be the last word: NG Manager
    // knows whether there is a password to try with, in the pod.
    if (isAppError(error) && error.code === 'REFERENCE_NOT_FOUND') {
      throw new AppError('GIT_FAILED', error.message, { cause: error })
    }
    throw error
  }
}

import { AppError } from '@sluice/contracts/errors'
import type { AccessControl, Actor } from '@sluice/service-kit'
import type { StreamHead, StreamStore } from './stream-store.ts'

export interface ReaderDeps {
  store: StreamStore
  access: AccessControl
}

/**
 * Finds a log for a reader.
 * @returns undefined where nothing has been written to it yet
 * @throws AppError ENTITY_NOT_FOUND for a log of another account, ACCESS_DENIED
 */
export async function findReadable(deps: ReaderDeps, actor: Actor, key: string): Promise<StreamHead | undefined> {
  if (!key.startsWith(`${actor.accountId}/`)) throw noLog(key)
  const head = await deps.store.find(actor.accountId, key)
  if (head === undefined) return undefined
  await deps.access.require(actor, 'core_pipeline_view', {
    accountId: actor.accountId,
    orgIdentifier: head.orgIdentifier,
    projectIdentifier: head.projectIdentifier,
  })
  return head
}

export function noLog(key: string): AppError {
  return new AppError(
    'ENTITY_NOT_FOUND',
    `There is no log "${key}". Take the key from the execution graph, or wait until the step has begun.`,
  )
}

import { gitCredential, gitRepositoryUrl } from '@sluice/contracts/connectors'
import { AppError, isAppError } from '@sluice/contracts/errors'
import type { Scope } from '@sluice/contracts/ids'
import { listBranches, listRepositoryFiles, readRepositoryFile, type ScmRefusal } from '@sluice/contracts/scm'
import type { ScmRequest } from '@sluice/contracts/scm-requests'
import type { ScmCallParameters } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { findConnector, typeMismatch } from '../connector/find-connector.ts'
import { awaitRequest } from '../direct/await-request.ts'
import { asBackground, toScmRequest } from '../direct/direct-request.ts'
import { startRequest } from '../direct/start-request.ts'
import { findSecret } from '../secret/find-secret.ts'
import { toFolder } from './repository-outcome.ts'

const READ_TIMEOUT_MS = 90_000

type Call = ScmCallParameters['call']

export interface RepositoryRef {
  scope: Scope
  connectorIdentifierRef: string
  repoName: string | undefined
}

/**
 * Reads of a connector's repository: by scm-service where the control plane can, else by a delegate, which is waited for.
 * @throws AppError REFERENCE_NOT_FOUND, CONNECTOR_TYPE_MISMATCH, ACCESS_DENIED, GIT_REF_NOT_FOUND, GIT_FAILED
 */
export async function readRepository(
  deps: Deps,
  actor: Actor,
  ref: RepositoryRef,
  call: Call,
  waitMs: number,
  signal: AbortSignal,
): Promise<ScmRequest> {
  const { scope, connectorIdentifierRef } = ref
  const wanted = { reference: connectorIdentifierRef, from: scope, usedBy: 'the request' }
  const connector = await findConnector(deps, actor, wanted)
  if (connector.kind.type === 'JDBC') throw typeMismatch(connector, wanted, 'a git connector')
  const { spec } = connector.kind
  if (spec.type === 'Account' && ref.repoName === undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      `The git connector "${connectorIdentifierRef}" is for an account: name the repository in "repoName".`,
    )
  }
  const url = gitRepositoryUrl(spec, ref.repoName)
  const credential = gitCredential(spec)
  if (credential === undefined && !spec.executeOnDelegate) {
    const read = await readHere(deps, asBackground(actor), url, call, signal)
    if (!('resolved' in read)) return { status: 'SUCCESS', via: 'control-plane', ...read }
  }
  const usedBy = `git connector "${connectorIdentifierRef}"`
  const secret =
    credential === undefined
      ? undefined
      : await findSecret(
          deps,
          { runner: actor, editor: undefined },
          { reference: credential.secretReference, from: connector.scope, usedBy },
        )
  const row = await startRequest(deps, actor, {
    kind: call.read,
    scope,
    task: {
      kind: 'scm.call',
      parameters: { url, username: credential?.username, passwordSecret: secret?.name, call },
    },
    secrets: secret === undefined ? [] : [secret],
    selectors: spec.delegateSelectors.map((selector) => ({ selector, origin: 'connector' as const })),
    timeoutMs: READ_TIMEOUT_MS,
  })
  return toScmRequest(await awaitRequest(deps, { accountId: actor.accountId }, row.id, waitMs, signal))
}

/** @returns what scm-service read, or why it can't */
async function readHere(
  deps: Pick<Deps, 'client'>,
  actor: Actor,
  url: string,
  call: Call,
  signal: AbortSignal,
): Promise<Pick<ScmRequest, 'branches' | 'folder' | 'file'> | ScmRefusal> {
  const options = { actor, signal }
  try {
    switch (call.read) {
      case 'branches': {
        const { read: _read, ...page } = call
        const answer = await deps.client.call(listBranches, { body: { url, ...page } }, options)
        if (!answer.resolved) return answer
        const { branches: items, defaultBranch, total } = answer
        return { branches: { items, defaultBranch, total } }
      }
      case 'folder': {
        const { branch, tag, path } = call
        const answer = await deps.client.call(listRepositoryFiles, { body: { url, branch, tag, path } }, options)
        if (!answer.resolved) return answer
        const { resolved: _resolved, ...listing } = answer
        return { folder: toFolder(listing) }
      }
      case 'file': {
        const { branch, tag, path } = call
        const answer = await deps.client.call(readRepositoryFile, { body: { url, branch, tag, path } }, options)
        if (!answer.resolved) return answer
        return { file: { path, commit: answer.commit, content: answer.content } }
      }
    }
  } catch (error) {
    // A control plane without its SCM service still has delegates.
    if (!isAppError(error) || error.code !== 'SERVICE_UNAVAILABLE') throw error
    return { resolved: false, reason: 'UNREACHABLE', message: error.message }
  }
}

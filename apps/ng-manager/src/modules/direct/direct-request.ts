import { Principal } from '@sluice/contracts/access'
import { DatabaseRequest, RequestError, RequestStatus } from '@sluice/contracts/dbops'
import { AppError } from '@sluice/contracts/errors'
import { ScmRequest } from '@sluice/contracts/scm-requests'
import { ConnectionPhase } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import type { DirectRequest } from '../../generated/prisma/client.ts'

export const DATABASE_KINDS = ['refresh', 'baseline'] as const
export const REPOSITORY_KINDS = ['branches', 'folder', 'file'] as const
export type DirectKind = (typeof DATABASE_KINDS)[number] | (typeof REPOSITORY_KINDS)[number]

/** Postgres channel on which a request that changed is announced: `<account>/<request id>`. */
export const DIRECT_REQUEST_CHANNEL = 'ngm_direct_request'

/** What is kept of a database request's result, as far as it came. */
export const DatabaseResult = DatabaseRequest.pick({
  phases: true,
  commit: true,
  counts: true,
  hasHistory: true,
  baselineCount: true,
  markedCount: true,
}).extend({ phases: ConnectionPhase.array().default([]) })
export type DatabaseResult = (typeof DatabaseResult)['_output']

/** What is kept of what was read of a repository. */
export const RepositoryResult = ScmRequest.pick({ branches: true, folder: true, file: true })

/** A request as it is told to whoever asked for it. */
export function toDatabaseRequest(row: DirectRequest): DatabaseRequest {
  const result = DatabaseResult.parse(row.result ?? {})
  return DatabaseRequest.parse({
    ...headOf(row),
    ...result,
    requestId: row.id,
    kind: row.kind,
    dbSchema: row.schemaIdentifier,
    dbInstance: row.instanceIdentifier,
    startedAt: row.createdAt.getTime(),
    finishedAt: row.finishedAt?.getTime(),
  })
}

export function toScmRequest(row: DirectRequest): ScmRequest {
  return ScmRequest.parse({
    ...headOf(row),
    ...RepositoryResult.parse(row.result ?? {}),
    requestId: row.id,
    via: 'delegate',
  })
}

function headOf(row: DirectRequest) {
  return {
    status: RequestStatus.parse(row.status),
    delegateName: row.delegateName ?? undefined,
    waitingFor: row.status === 'RUNNING' ? (row.waitingFor ?? undefined) : undefined,
    error: row.error === null ? undefined : RequestError.parse(row.error),
  }
}

/** Whoever asked, as background work speaks for them. */
export function actorOf(row: Pick<DirectRequest, 'accountId' | 'id' | 'principal'>): Actor {
  return {
    accountId: row.accountId,
    principal: Principal.parse(row.principal),
    groups: [],
    accessVersion: -1,
    featureFlags: [],
    correlationId: row.id,
    source: 'on-behalf-of',
  }
}

/** A person as ng-manager's own work speaks for them: internal routes take no person's token. */
export function asBackground(actor: Actor): Actor {
  const { token: _token, ...rest } = actor
  return { ...rest, source: 'on-behalf-of' }
}

export function noSuchRequest(id: string): AppError {
  return new AppError(
    'ENTITY_NOT_FOUND',
    `There is no request "${id}" here. Ask again: requests are kept for a while only.`,
  )
}

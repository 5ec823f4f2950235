import type { Scope } from '@sluice/contracts/ids'
import {
  getConnectorFile,
  getScmRequest,
  listConnectorBranches,
  listConnectorFiles,
} from '@sluice/contracts/scm-requests'
import { registerRoute, type Actor } from '@sluice/service-kit'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { awaitRequest } from '../direct/await-request.ts'
import { REPOSITORY_KINDS, toScmRequest } from '../direct/direct-request.ts'
import { readRepository, type RepositoryRef } from './read-repository.ts'

const SECOND_MS = 1_000

interface Where {
  orgIdentifier?: string | undefined
  projectIdentifier?: string | undefined
}

function scopeOf(actor: Actor, { orgIdentifier, projectIdentifier }: Where): Scope {
  return { accountId: actor.accountId, orgIdentifier, projectIdentifier }
}

function refOf(
  actor: Actor,
  query: Where & { connectorIdentifierRef: string; repoName?: string | undefined },
): RepositoryRef {
  const { connectorIdentifierRef, repoName } = query
  return { scope: scopeOf(actor, query), connectorIdentifierRef, repoName }
}

/** Routes that read the repositories of git connectors, for people who choose a branch or a changelog. */
export function registerRepositoryRoutes(app: FastifyInstance, deps: Deps): void {
  const { verifier, logger, access } = deps
  const mount = { service: 'ng-manager', verifier, logger, access } as const
  registerRoute(app, listConnectorBranches, {
    ...mount,
    handler: ({ actor, query, signal }) => {
      const { searchTerm, page, size } = query
      const call = { read: 'branches' as const, searchTerm, page, size }
      return readRepository(deps, actor, refOf(actor, query), call, query.waitSeconds * SECOND_MS, signal)
    },
  })
  registerRoute(app, listConnectorFiles, {
    ...mount,
    handler: ({ actor, query, signal }) => {
      const call = { read: 'folder' as const, branch: query.branch, tag: query.tag, path: query.path ?? '' }
      return readRepository(deps, actor, refOf(actor, query), call, query.waitSeconds * SECOND_MS, signal)
    },
  })
  registerRoute(app, getConnectorFile, {
    ...mount,
    handler: ({ actor, query, signal }) => {
      const call = { read: 'file' as const, branch: query.branch, tag: query.tag, path: query.filePath }
      return readRepository(deps, actor, refOf(actor, query), call, query.waitSeconds * SECOND_MS, signal)
    },
  })
  registerRoute(app, getScmRequest, {
    ...mount,
    handler: async ({ actor, params, query, signal }) => {
      const { accountId, orgIdentifier, projectIdentifier } = scopeOf(actor, query)
      // Its own only: what a connector further up may read is not for everybody in the project.
      const where = {
        accountId,
        orgIdentifier: orgIdentifier ?? null,
        projectIdentifier: projectIdentifier ?? null,
        kind: { in: [...REPOSITORY_KINDS] },
        principal: { path: ['id'], equals: actor.principal.id },
      }
      return toScmRequest(await awaitRequest(deps, where, params.requestId, query.waitSeconds * SECOND_MS, signal))
    },
  })
}

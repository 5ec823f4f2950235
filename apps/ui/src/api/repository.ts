import { queryOptions } from '@tanstack/react-query'
import { call, type Output } from './call.ts'
import { ApiProblem } from './problem.ts'
import type { ProjectScope } from './project.ts'

type ScmRequest = Output<'getScmRequest'>

/** A git connector, seen from a project; `repo` where the connector is for an account of the host. */
export interface RepositoryAddress {
  scope: ProjectScope['query']
  connector: string
  repo?: string
}
/** Exactly one of them. */
export interface GitRefChoice {
  branch?: string
  tag?: string
  commit?: string
}

const BRANCHES_MAX = 100

/** Waits until whoever reads the repository has; a failure there is a failure here. */
async function finished(scope: ProjectScope['query'], first: ScmRequest, signal: AbortSignal): Promise<ScmRequest> {
  let request = first
  while (request.status === 'RUNNING') {
    if (request.requestId === undefined) break
    request = await call('getScmRequest', { params: { requestId: request.requestId }, query: scope }, { signal })
  }
  if (request.status === 'SUCCESS') return request
  throw new ApiProblem({
    code: request.error?.code ?? 'GIT_FAILED',
    status: 400,
    message: request.error?.message ?? 'The repository could not be read. Try again.',
  })
}

function queryOf({ scope, connector, repo }: RepositoryAddress) {
  return { ...scope, connectorIdentifierRef: connector, repoName: repo }
}

/** Branches that hold `searchTerm` in their name, and the repository's default one. */
export function branchesQuery(repository: RepositoryAddress, searchTerm: string) {
  return queryOptions({
    queryKey: ['repository', repository, 'branches', searchTerm],
    queryFn: async ({ signal }) => {
      const query = { ...queryOf(repository), searchTerm, size: BRANCHES_MAX }
      return finished(repository.scope, await call('listConnectorBranches', { query }, { signal }), signal)
    },
    staleTime: 60_000,
  })
}

/** A folder, with the files of the whole ref that look like changelogs. */
export function folderQuery(repository: RepositoryAddress, ref: GitRefChoice, path: string) {
  return queryOptions({
    queryKey: ['repository', repository, 'folder', ref, path],
    queryFn: async ({ signal }) => {
      const query = { ...queryOf(repository), ...ref, path: path === '' ? undefined : path }
      return finished(repository.scope, await call('listConnectorFiles', { query }, { signal }), signal)
    },
    staleTime: 60_000,
  })
}

/** The text of a file. */
export function fileQuery(repository: RepositoryAddress, ref: GitRefChoice, filePath: string) {
  return queryOptions({
    queryKey: ['repository', repository, 'file', ref, filePath],
    queryFn: async ({ signal }) => {
      const query = { ...queryOf(repository), ...ref, filePath }
      return finished(repository.scope, await call('getConnectorFile', { query }, { signal }), signal)
    },
    staleTime: 60_000,
  })
}

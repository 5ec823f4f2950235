import { z } from 'zod'
import { RequestError, RequestStatus, RequestWaitQuery } from './dbops-requests.ts'
import { RepositoryPath } from './dbops-schemas.ts'
import { Reference } from './ids.ts'
import { defineRoute, ScopeQuery } from './routes.ts'
import { GitRefName } from './scm.ts'
import { RepositoryBranches, RepositoryFolder, RepositoryText } from './tasks.ts'

/** What was read of a repository: by the control plane where it can, else by a delegate. */
export const ScmRequest = z
  .object({
    requestId: z.string().optional().describe('of the delegate task; absent where the control plane could read'),
    status: RequestStatus,
    via: z.enum(['control-plane', 'delegate']),
    delegateName: z.string().optional(),
    waitingFor: z.string().optional(),
    error: RequestError.optional(),
    branches: RepositoryBranches.optional(),
    folder: RepositoryFolder.optional(),
    file: RepositoryText.optional(),
  })
  .meta({ id: 'ScmRequest' })
export type ScmRequest = z.infer<typeof ScmRequest>

const RepositoryQuery = RequestWaitQuery.extend(ScopeQuery.shape).extend({
  connectorIdentifierRef: Reference.describe('git connector: id, org.id or account.id'),
  repoName: z.string().min(1).max(256).optional().describe('repository, where the connector is for an account'),
})
const RefQuery = RepositoryQuery.extend({
  branch: GitRefName.optional(),
  tag: GitRefName.optional(),
})
const namesOneRef = ({ branch, tag }: { branch?: string; tag?: string }): boolean =>
  (branch === undefined) !== (tag === undefined)
const ONE_REF = { message: 'name a branch or a tag', path: ['branch'] }

const common = {
  service: 'ng-manager',
  tag: 'SCM',
  auth: 'permission',
  permission: 'core_connector_access',
  family: 'ng',
} as const
const ERRORS = ['REFERENCE_NOT_FOUND', 'CONNECTOR_TYPE_MISMATCH', 'ACCESS_DENIED', 'URL_REFUSED', 'GIT_FAILED'] as const

export const listConnectorBranches = defineRoute({
  ...common,
  method: 'GET',
  path: '/ng-manager/scm/v2/list-branches',
  operationId: 'listConnectorBranches',
  summary: 'List the branches of a git connector',
  query: RepositoryQuery.extend({
    searchTerm: z.string().max(255).default(''),
    page: z.coerce.number().int().min(0).max(100_000).default(0),
    size: z.coerce.number().int().min(1).max(100).default(50),
  }),
  response: ScmRequest,
  errors: ERRORS,
})

export const listConnectorFiles = defineRoute({
  ...common,
  method: 'GET',
  path: '/ng-manager/scm/list-files',
  operationId: 'listConnectorFiles',
  summary: 'List a folder of a repository, and the files in it that look like changelogs',
  query: RefQuery.extend({ path: RepositoryPath.optional().describe('folder; absent: the root') }).refine(
    namesOneRef,
    ONE_REF,
  ),
  response: ScmRequest,
  errors: [...ERRORS, 'GIT_REF_NOT_FOUND'],
})

export const getConnectorFile = defineRoute({
  ...common,
  method: 'GET',
  path: '/ng-manager/scm/get-file-by-branch',
  operationId: 'getConnectorFile',
  summary: 'Read a text file of a repository',
  query: RefQuery.extend({ filePath: RepositoryPath }).refine(namesOneRef, ONE_REF),
  response: ScmRequest,
  errors: [...ERRORS, 'GIT_REF_NOT_FOUND', 'BODY_TOO_LARGE'],
})

export const getScmRequest = defineRoute({
  ...common,
  method: 'GET',
  path: '/ng-manager/scm/requests/:requestId',
  operationId: 'getScmRequest',
  summary: 'Wait for what a delegate reads of a repository',
  params: z.object({ requestId: z.string().max(64) }),
  query: RequestWaitQuery.extend(ScopeQuery.shape),
  response: ScmRequest,
  errors: ['ENTITY_NOT_FOUND'],
})

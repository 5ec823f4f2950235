import { z } from 'zod'
import { EntityName, EpochMs, Identifier, Reference, Tags } from './ids.ts'
import { defineRoute, PageQuery, pageOf, ScopeQuery } from './routes.ts'
import { ConnectionPhase } from './tasks.ts'

const DelegateSelectors = z.array(z.string().trim().min(1).max(128)).max(32).default([])

/** Parameters of JDBC URLs that carry a credential, in any spelling of case. */
const CREDENTIAL_PARAMETERS = ['user', 'username', 'password', 'pwd', 'passwd', 'sslpassword', 'accesstoken']

/** Name of the first credential that a JDBC URL carries, or undefined. Sees `//user:pw@host`, `?password=`, `;password=`. */
export function credentialInJdbcUrl(url: string): string | undefined {
  if (/^jdbc:[^?;]*?\/\/[^/?;]*@/i.test(url)) return 'user info before "@"'
  if (/^jdbc:oracle:[^@]*\/[^@]*@/i.test(url)) return 'user info before "@"'
  for (const [, name] of url.matchAll(/[?&;,(]\s*([\w.%-]+)\s*=/g)) {
    let decoded = name ?? ''
    try {
      decoded = decodeURIComponent(decoded)
    } catch {
      // Not percent-encoded text: compared as it stands.
      decoded = name ?? ''
    }
    if (CREDENTIAL_PARAMETERS.includes(decoded.toLowerCase())) return decoded
  }
  return undefined
}

const JdbcUrl = z
  .string()
  .trim()
  .max(2048)
  .regex(/^jdbc:[a-z][a-z0-9+:]*:?\S+$/i, 'must be a JDBC URL such as jdbc:postgresql://host:5432/database')
  .superRefine((url, context) => {
    const credential = credentialInJdbcUrl(url)
    if (credential === undefined) return
    context.addIssue({
      code: 'custom',
      message: `must not hold a credential, but has "${credential}". Put the user name into auth.spec.username, store the password as a secret and name it in auth.spec.passwordRef`,
    })
  })

export const JdbcSpec = z
  .object({
    url: JdbcUrl,
    auth: z.discriminatedUnion('type', [
      z.object({
        type: z.literal('UsernamePassword'),
        spec: z.object({ username: z.string().min(1).max(256), passwordRef: Reference }),
      }),
      z.object({ type: z.literal('None') }),
    ]),
    delegateSelectors: DelegateSelectors,
    executeOnDelegate: z.boolean().default(true),
    ignoreTestConnection: z.boolean().default(false),
  })
  .meta({ id: 'JdbcConnectorSpec' })
export type JdbcSpec = z.infer<typeof JdbcSpec>

export const GIT_CONNECTOR_TYPES = ['Github', 'Gitlab', 'Bitbucket', 'AzureRepo', 'Git'] as const
export const GitConnectorType = z.enum(GIT_CONNECTOR_TYPES)
export type GitConnectorType = z.infer<typeof GitConnectorType>

/** Credentials never go into a git URL, and only HTTPS is spoken. */
const GitUrl = z
  .url({ protocol: /^https$/, message: 'must be an https URL' })
  .max(2048)
  .refine((url) => !/^https:\/\/[^/]*@/i.test(url), {
    message:
      'must not hold a user name or password. Store the token as a secret and name it in authentication.spec.spec.tokenRef',
  })

const GitUsernameToken = z.object({
  type: z.literal('UsernameToken'),
  spec: z.object({ username: z.string().max(256).optional(), tokenRef: Reference }),
})
const GitUsernamePassword = z.object({
  type: z.literal('UsernamePassword'),
  spec: z.object({ username: z.string().min(1).max(256), passwordRef: Reference }),
})

export const GitSpec = z
  .object({
    url: GitUrl,
    /** Repo: `url` is the repository. Account: repositories are below `url`. */
    type: z.enum(['Account', 'Repo']),
    /** Repository that connection tests read, where `type` is Account. */
    validationRepo: z.string().max(512).optional(),
    authentication: z.discriminatedUnion('type', [
      z.object({
        type: z.literal('Http'),
        spec: z.discriminatedUnion('type', [GitUsernameToken, GitUsernamePassword]),
      }),
      z.object({ type: z.literal('Anonymous') }),
    ]),
    apiAccess: z.object({ type: z.literal('Token'), spec: z.object({ tokenRef: Reference }) }).optional(),
    delegateSelectors: DelegateSelectors,
    /** False: the control plane reaches the host. True: only delegates do. */
    executeOnDelegate: z.boolean().default(false),
  })
  .meta({ id: 'GitConnectorSpec' })
export type GitSpec = z.infer<typeof GitSpec>

/** URL of a repository: the connector's own, or `repo` below an account URL. */
export function gitRepositoryUrl(spec: Pick<GitSpec, 'url' | 'type'>, repo?: string): string {
  const base = spec.url.replace(/\/+$/, '')
  return spec.type === 'Repo' || repo === undefined ? base : `${base}/${repo.replace(/^\/+/, '')}`
}

/** User name and secret reference of a git connector; undefined for an anonymous one. */
export function gitCredential(spec: GitSpec): { username: string | undefined; secretReference: string } | undefined {
  if (spec.authentication.type === 'Anonymous') return undefined
  const http = spec.authentication.spec
  return http.type === 'UsernameToken'
    ? { username: http.spec.username, secretReference: http.spec.tokenRef }
    : { username: http.spec.username, secretReference: http.spec.passwordRef }
}

/** Type and specification, as they belong together. */
export const ConnectorKind = z.discriminatedUnion('type', [
  z.object({ type: z.literal('JDBC'), spec: JdbcSpec }),
  ...GIT_CONNECTOR_TYPES.map((type) => z.object({ type: z.literal(type), spec: GitSpec })),
])
export type ConnectorKind = z.infer<typeof ConnectorKind>

const CONNECTOR_TYPES = ['JDBC', ...GIT_CONNECTOR_TYPES] as const
export const ConnectorType = z.enum(CONNECTOR_TYPES)
export type ConnectorType = z.infer<typeof ConnectorType>

/** Every secret reference in a connector, where it stands. */
export function secretReferencesOf(kind: ConnectorKind): { path: string; reference: string }[] {
  if (kind.type === 'JDBC') {
    return kind.spec.auth.type === 'None'
      ? []
      : [{ path: 'spec.auth.spec.passwordRef', reference: kind.spec.auth.spec.passwordRef }]
  }
  const credential = gitCredential(kind.spec)
  return [
    ...(credential === undefined
      ? []
      : [{ path: 'spec.authentication.spec.spec', reference: credential.secretReference }]),
    ...(kind.spec.apiAccess === undefined
      ? []
      : [{ path: 'spec.apiAccess.spec.tokenRef', reference: kind.spec.apiAccess.spec.tokenRef }]),
  ]
}

const ConnectorHead = z.object({
  identifier: Identifier,
  name: EntityName,
  description: z.string().max(1024).default(''),
  orgIdentifier: Identifier.optional(),
  projectIdentifier: Identifier.optional(),
  tags: Tags.default({}),
})
export const ConnectorInput = z
  .intersection(ConnectorHead, ConnectorKind)
  .refine((connector) => connector.projectIdentifier === undefined || connector.orgIdentifier !== undefined, {
    message: 'a projectIdentifier needs its orgIdentifier',
    path: ['orgIdentifier'],
  })
export type ConnectorInput = z.infer<typeof ConnectorInput>

export const ConnectorStatus = z.object({
  status: z.enum(['SUCCESS', 'FAILURE', 'UNKNOWN']),
  testedAt: EpochMs.optional(),
  lastConnectedAt: EpochMs.optional(),
  errorSummary: z.string().optional(),
})

export const ConnectorEnvelope = z
  .object({
    connector: ConnectorInput,
    version: z.number().int(),
    createdAt: EpochMs,
    lastModifiedAt: EpochMs,
    status: ConnectorStatus,
  })
  .meta({ id: 'ConnectorEnvelope' })
export type ConnectorEnvelope = z.infer<typeof ConnectorEnvelope>

const ConnectorParams = z.object({ identifier: Identifier })

/** Needs core_connector_edit in the scope that the body names, and core_secret_access for every secret it refers to. */
export const createConnector = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/connectors',
  operationId: 'createConnector',
  summary: 'Create a connector',
  tag: 'Connectors',
  auth: 'permission',
  permission: 'core_connector_edit',
  query: ScopeQuery,
  body: z.object({ connector: ConnectorInput }),
  response: ConnectorEnvelope,
  family: 'ng',
  errors: ['DUPLICATE_IDENTIFIER', 'REFERENCE_NOT_FOUND', 'ENTITY_NOT_FOUND', 'INVALID_REQUEST', 'ACCESS_DENIED'],
})

export const updateConnector = defineRoute({
  service: 'ng-core',
  method: 'PUT',
  path: '/ng/api/connectors',
  operationId: 'updateConnector',
  summary: 'Replace a connector; its type stays',
  tag: 'Connectors',
  auth: 'permission',
  permission: 'core_connector_edit',
  query: ScopeQuery,
  body: z.object({ connector: ConnectorInput, version: z.number().int().optional() }),
  response: ConnectorEnvelope,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'VERSION_CONFLICT', 'REFERENCE_NOT_FOUND', 'INVALID_REQUEST', 'ACCESS_DENIED'],
})

export const getConnector = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/connectors/:identifier',
  operationId: 'getConnector',
  summary: 'Read a connector',
  tag: 'Connectors',
  auth: 'permission',
  permission: 'core_connector_view',
  params: ConnectorParams,
  query: ScopeQuery,
  response: ConnectorEnvelope,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

export const deleteConnector = defineRoute({
  service: 'ng-core',
  method: 'DELETE',
  path: '/ng/api/connectors/:identifier',
  operationId: 'deleteConnector',
  summary: 'Delete a connector',
  tag: 'Connectors',
  auth: 'permission',
  permission: 'core_connector_delete',
  params: ConnectorParams,
  query: ScopeQuery,
  response: z.boolean(),
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

export const listConnectors = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/connectors/listV2',
  operationId: 'listConnectors',
  summary: 'List the connectors of a scope',
  tag: 'Connectors',
  auth: 'permission',
  permission: 'core_connector_view',
  query: PageQuery.extend(ScopeQuery.shape).extend({
    /** Adds those of the scopes above, which the scope can refer to. */
    includeAllConnectorsAvailableAtScope: z.stringbool().default(false),
  }),
  body: z.object({
    types: z.array(ConnectorType).max(16).optional(),
    /** Results of their last test. */
    statuses: z.array(ConnectorStatus.shape.status).max(3).optional(),
    searchTerm: z.string().max(128).optional(),
  }),
  response: pageOf(ConnectorEnvelope),
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})

export const ConnectionTest = z
  .object({
    testId: z.string(),
    /** RUNNING: no result within the time asked for; ask again with the id. */
    status: z.enum(['RUNNING', 'SUCCESS', 'FAILURE']),
    startedAt: EpochMs,
    finishedAt: EpochMs.optional(),
    delegateName: z.string().optional(),
    phases: z.array(ConnectionPhase),
    /** While it runs: what it waits for. */
    waitingFor: z.string().optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: 'ConnectionTest' })
export type ConnectionTest = z.infer<typeof ConnectionTest>

const WaitQuery = z.object({
  /** Seconds to wait for the result, 30 at most. */
  waitSeconds: z.coerce.number().int().min(0).max(30).default(25),
})

/** Tries the connector on a delegate that can reach its target, by phases. */
export const testConnector = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/connectors/testConnection/:identifier',
  operationId: 'testConnector',
  summary: 'Test a connector from a delegate; waits for the result',
  tag: 'Connectors',
  auth: 'permission',
  permission: 'core_connector_access',
  params: ConnectorParams,
  query: WaitQuery.extend(ScopeQuery.shape),
  response: ConnectionTest,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'REFERENCE_NOT_FOUND', 'ACCESS_DENIED'],
})

export const getConnectionTest = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/connectors/testConnection/:testId',
  operationId: 'getConnectionTest',
  summary: 'Wait for the result of a connection test',
  tag: 'Connectors',
  auth: 'permission',
  permission: 'core_connector_view',
  params: z.object({ testId: z.string().max(64) }),
  query: WaitQuery.extend(ScopeQuery.shape),
  response: ConnectionTest,
  family: 'ng',
  errors: ['ENTITY_NOT_FOUND', 'ACCESS_DENIED'],
})

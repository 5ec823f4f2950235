import type { Input } from '../../api/call.ts'
import type { EntityScope } from '../../api/reference.ts'
import { type Naming, NO_NAME } from '../../design/name-fields.tsx'
import { CATALOGUE, type Connector, type ConnectorType } from './catalogue.ts'

export type ConnectorInput = Input<'createConnector'>['body']['connector']
type GitSpec = Exclude<Connector, { type: 'JDBC' }>['spec']

/** How a connector proves who it is. Token: a git token, with or without a user name. */
export type LoginKind = 'None' | 'Password' | 'Token'

/** A connector as its form holds it: every field at once, whatever the type uses. */
export interface ConnectorDraft {
  type: ConnectorType
  naming: Naming
  description: string
  tags: Record<string, string>
  url: string
  login: LoginKind
  username: string
  secretRef: string
  selectors: string[]
  /** Git: what `url` is. */
  urlKind: 'Account' | 'Repo'
  validationRepo: string
  /** Git: only delegates reach the host. */
  isThroughDelegate: boolean
  /** What the form has no fields for, and keeps. */
  kept: Pick<GitSpec, 'apiAccess'> & { ignoreTestConnection?: boolean; executeOnDelegate?: boolean }
}

export function emptyDraft(type: ConnectorType): ConnectorDraft {
  return {
    type,
    naming: NO_NAME,
    description: '',
    tags: {},
    url: '',
    login: CATALOGUE[type].kind === 'database' ? 'Password' : 'Token',
    username: '',
    secretRef: '',
    selectors: [],
    urlKind: 'Repo',
    validationRepo: '',
    isThroughDelegate: false,
    kept: {},
  }
}

/** The form's state of a stored connector. */
export function draftOf(connector: Connector): ConnectorDraft {
  const head = {
    ...emptyDraft(connector.type),
    naming: { name: connector.name, identifier: connector.identifier, isOwn: true },
    description: connector.description,
    tags: connector.tags,
    url: connector.spec.url,
    selectors: connector.spec.delegateSelectors,
  }
  if (connector.type === 'JDBC') {
    const { auth, ignoreTestConnection, executeOnDelegate } = connector.spec
    const kept = { ignoreTestConnection, executeOnDelegate }
    return auth.type === 'None'
      ? { ...head, login: 'None', kept }
      : { ...head, login: 'Password', username: auth.spec.username, secretRef: auth.spec.passwordRef, kept }
  }
  const { authentication, type, validationRepo = '', executeOnDelegate, apiAccess } = connector.spec
  const git = {
    ...head,
    urlKind: type,
    validationRepo,
    isThroughDelegate: executeOnDelegate,
    kept: apiAccess === undefined ? {} : { apiAccess },
  }
  if (authentication.type === 'Anonymous') return { ...git, login: 'None' }
  const http = authentication.spec
  return http.type === 'UsernameToken'
    ? { ...git, login: 'Token', username: http.spec.username ?? '', secretRef: http.spec.tokenRef }
    : { ...git, login: 'Password', username: http.spec.username, secretRef: http.spec.passwordRef }
}

/** What the API takes for a draft, in `scope`. The API checks it; nothing is checked twice. */
export function inputOf(draft: ConnectorDraft, scope: EntityScope): ConnectorInput {
  const { type, kept } = draft
  const head = {
    ...scope,
    identifier: draft.naming.identifier,
    name: draft.naming.name,
    description: draft.description,
    tags: draft.tags,
  }
  if (type === 'JDBC') {
    const { apiAccess: _none, ...switches } = kept
    return {
      ...head,
      type,
      spec: {
        ...switches,
        url: draft.url.trim(),
        delegateSelectors: draft.selectors,
        auth:
          draft.login === 'None'
            ? { type: 'None' }
            : { type: 'UsernamePassword', spec: { username: draft.username, passwordRef: draft.secretRef } },
      },
    }
  }
  return {
    ...head,
    type,
    spec: {
      url: draft.url.trim(),
      type: draft.urlKind,
      ...(draft.urlKind === 'Account' && draft.validationRepo !== '' ? { validationRepo: draft.validationRepo } : {}),
      ...(kept.apiAccess === undefined ? {} : { apiAccess: kept.apiAccess }),
      delegateSelectors: draft.selectors,
      executeOnDelegate: draft.isThroughDelegate,
      authentication: gitAuthentication(draft),
    },
  }
}

function gitAuthentication({ login, username, secretRef }: ConnectorDraft): GitSpec['authentication'] {
  if (login === 'None') return { type: 'Anonymous' }
  return login === 'Password'
    ? { type: 'Http', spec: { type: 'UsernamePassword', spec: { username, passwordRef: secretRef } } }
    : {
        type: 'Http',
        spec: { type: 'UsernameToken', spec: { ...(username === '' ? {} : { username }), tokenRef: secretRef } },
      }
}

/** Path of the secret's field in the request, as problems name it. */
export function secretPath({ type, login }: ConnectorDraft): string {
  if (type === 'JDBC') return 'connector.spec.auth.spec.passwordRef'
  return `connector.spec.authentication.spec.spec.${login === 'Token' ? 'tokenRef' : 'passwordRef'}`
}

/** Path of the user name's field in the request. */
export function usernamePath({ type }: ConnectorDraft): string {
  return type === 'JDBC' ? 'connector.spec.auth.spec.username' : 'connector.spec.authentication.spec.spec.username'
}

import { call, type Output } from '../../api/call.ts'
import { ApiProblem } from '../../api/problem.ts'
import type { ProjectScope } from '../../api/project.ts'
import type { Naming } from '../../design/name-fields.tsx'
import { createNumbered } from './create-numbered.ts'

type ConnectorEnvelope = Output<'getConnector'>

interface SecretToSave {
  scope: ProjectScope['query']
  name: string
  identifier: string
  value: string
  /** Stored earlier: it gets the new value. */
  reference: string | undefined
}

/** Stores a secret, or a new value of it. @returns its reference */
export async function saveSecret({ scope, name, identifier, value, reference }: SecretToSave): Promise<string> {
  const spec = { valueType: 'Inline', value } as const
  if (reference !== undefined && !reference.includes('.')) {
    try {
      const { secret } = await call('getSecret', { params: { identifier: reference }, query: scope })
      await call('updateSecret', {
        params: { identifier: reference },
        query: scope,
        body: { secret: { ...scope, type: 'SecretText', name: secret.name, identifier: reference, spec } },
      })
      return reference
    } catch (error) {
      // Deleted in between: it is made anew.
      if (!(error instanceof ApiProblem) || error.code !== 'ENTITY_NOT_FOUND') throw error
    }
  }
  const made = await createNumbered(identifier, false, (free) =>
    call('createSecret', {
      query: scope,
      body: { secret: { ...scope, type: 'SecretText', name, identifier: free, spec } },
    }),
  )
  return made.secret.identifier
}

interface DatabaseToSave {
  scope: ProjectScope['query']
  url: string
  naming: Naming
  username: string
  /** Empty: the stored one stays. */
  password: string
  secret: string | undefined
  /** Told as soon as the secret is stored, so that a second try stores no second one. */
  onSecret: (reference: string) => void
  existing: ConnectorEnvelope | undefined
}

/** Stores password and connector, or changes them. @returns the connector's identifier */
export async function saveDatabase(input: DatabaseToSave): Promise<string> {
  const { scope, url, naming, username, password, existing } = input
  let { secret } = input
  if (username !== '' && password !== '') {
    secret = await saveSecret({
      scope,
      name: `${naming.name} password`.slice(0, 128),
      identifier: `${naming.identifier}_password`.slice(0, 128),
      value: password,
      reference: secret,
    })
    input.onSecret(secret)
  }
  const auth =
    username === '' || secret === undefined
      ? ({ type: 'None' } as const)
      : ({ type: 'UsernamePassword', spec: { username, passwordRef: secret } } as const)
  if (existing !== undefined && existing.connector.type === 'JDBC') {
    const { connector } = existing
    await call('updateConnector', {
      query: scope,
      body: {
        connector: { ...connector, name: naming.name, spec: { ...connector.spec, url, auth } },
        version: existing.version,
      },
    })
    return connector.identifier
  }
  const made = await createNumbered(naming.identifier, naming.isOwn, (identifier) =>
    call('createConnector', {
      query: scope,
      body: { connector: { ...scope, type: 'JDBC', name: naming.name, identifier, spec: { url, auth } } },
    }),
  )
  return made.connector.identifier
}

interface RepositoryToSave {
  scope: ProjectScope['query']
  url: string
  name: string
  identifier: string
  username: string
  token: string
}

const HOSTS = [
  { host: /(^|\.)github\./, type: 'Github' },
  { host: /(^|\.)gitlab\./, type: 'Gitlab' },
  { host: /(^|\.)bitbucket\./, type: 'Bitbucket' },
  { host: /(^|\.)dev\.azure\.com$|\.visualstudio\.com$/, type: 'AzureRepo' },
] as const

/** Type of connector that fits the host of a repository. */
export function gitTypeOf(url: string): (typeof HOSTS)[number]['type'] | 'Git' {
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  return HOSTS.find((one) => one.host.test(host))?.type ?? 'Git'
}

/** Stores a git connector with its token. @returns the connector's identifier */
export async function saveRepository({
  scope,
  url,
  name,
  identifier,
  username,
  token,
}: RepositoryToSave): Promise<string> {
  const tokenRef =
    token === ''
      ? undefined
      : await saveSecret({
          scope,
          name: `${name} token`.slice(0, 128),
          identifier: `${identifier}_token`.slice(0, 128),
          value: token,
          reference: undefined,
        })
  const authentication =
    tokenRef === undefined
      ? ({ type: 'Anonymous' } as const)
      : ({
          type: 'Http',
          spec: {
            type: 'UsernameToken',
            spec: { tokenRef, ...(username === '' ? {} : { username }) },
          },
        } as const)
  const made = await createNumbered(identifier, false, (free) =>
    call('createConnector', {
      query: scope,
      body: {
        connector: {
          ...scope,
          type: gitTypeOf(url),
          name,
          identifier: free,
          spec: { url, type: 'Repo', authentication },
        },
      },
    }),
  )
  return made.connector.identifier
}

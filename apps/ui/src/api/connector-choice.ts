import { queryOptions } from '@tanstack/react-query'
import { call, type Input } from './call.ts'
import type { ProjectScope } from './project.ts'
import { targetOf } from './reference.ts'

type ConnectorTypes = NonNullable<Input<'listConnectors'>['body']['types']>

export const GIT_TYPES: ConnectorTypes = ['Github', 'Gitlab', 'Bitbucket', 'AzureRepo', 'Git']
const CHOICES_MAX = 100

/** Connectors of these types that the project can refer to: its own and those of the scopes above. */
export function connectorChoicesQuery(scope: ProjectScope['query'], types: ConnectorTypes) {
  return queryOptions({
    queryKey: ['connectors', scope, 'choices', types],
    queryFn: ({ signal }) =>
      call(
        'listConnectors',
        {
          query: { ...scope, pageSize: CHOICES_MAX, includeAllConnectorsAvailableAtScope: 'true' },
          body: { types },
        },
        { signal },
      ),
  })
}

/** A connector by the reference that an entity of the project holds. */
export function connectorQuery(scope: ProjectScope['query'], reference: string) {
  const { identifier, query } = targetOf(reference, scope)
  return queryOptions({
    queryKey: ['connectors', query, 'one', identifier],
    queryFn: ({ signal }) => call('getConnector', { params: { identifier }, query }, { signal }),
  })
}

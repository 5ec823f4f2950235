import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { connectorQuery } from '../../api/connector-choice.ts'
import { choiceParam, compact, flagParam } from '../../api/search-params.ts'
import { projectRoute } from '../../routes.tsx'
import { CONNECTOR_TYPES, type ConnectorType } from './catalogue.ts'

export const newConnectorRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/connectors/new',
  validateSearch: (search: Record<string, unknown>): { type?: ConnectorType } =>
    compact({ type: choiceParam(search['type'], CONNECTOR_TYPES) }),
  component: lazyRouteComponent(() => import('./new-connector-page.tsx'), 'NewConnectorPage'),
})

export const connectorRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/connectors/$connector',
  /** `test`: tries the connector as soon as the page is open. */
  validateSearch: (search: Record<string, unknown>): { edit?: true; test?: true } =>
    compact({ edit: flagParam(search['edit']), test: flagParam(search['test']) }),
  loader: ({ context, params: { org, project, connector } }) => {
    const scope = { orgIdentifier: org, projectIdentifier: project }
    void context.queryClient.prefetchQuery(connectorQuery(scope, connector))
  },
  component: lazyRouteComponent(() => import('./connector-page.tsx'), 'ConnectorPage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { choiceParam, compact, pageParam, textParam } from '../../api/search-params.ts'
import { projectRoute } from '../../routes.tsx'
import { CONNECTOR_TYPES, type ConnectorType } from '../connector/catalogue.ts'

const STATUSES = ['SUCCESS', 'FAILURE', 'UNKNOWN'] as const

export interface ConnectorsSearch {
  q?: string
  type?: ConnectorType
  status?: (typeof STATUSES)[number]
  page?: number
}

export const connectorsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/connectors',
  validateSearch: (search: Record<string, unknown>): ConnectorsSearch =>
    compact({
      q: textParam(search['q']),
      type: choiceParam(search['type'], CONNECTOR_TYPES),
      status: choiceParam(search['status'], STATUSES),
      page: pageParam(search['page']),
    }),
  component: lazyRouteComponent(() => import('./connectors-page.tsx'), 'ConnectorsPage'),
})

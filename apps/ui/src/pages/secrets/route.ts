import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { compact, flagParam, pageParam, textParam } from '../../api/search-params.ts'
import { projectRoute } from '../../routes.tsx'

export interface SecretsSearch {
  q?: string
  page?: number
  /** Reference of the secret whose drawer is open. */
  secret?: string
  /** The form for a new one is open. */
  create?: true
}

export const secretsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/secrets',
  validateSearch: (search: Record<string, unknown>): SecretsSearch =>
    compact({
      q: textParam(search['q']),
      page: pageParam(search['page']),
      secret: textParam(search['secret']),
      create: flagParam(search['create']),
    }),
  component: lazyRouteComponent(() => import('./secrets-page.tsx'), 'SecretsPage'),
})

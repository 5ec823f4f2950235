import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { compact, flagParam, pageParam, textParam } from '../../api/search-params.ts'
import { accountRoute } from '../../routes.tsx'

export interface UsersSearch {
  q?: string
  page?: number
  /** User whose drawer is open. */
  user?: string
  create?: true
}

export const usersRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/users',
  validateSearch: (search: Record<string, unknown>): UsersSearch =>
    compact({
      q: textParam(search['q']),
      page: pageParam(search['page']),
      user: textParam(search['user']),
      create: flagParam(search['create']),
    }),
  component: lazyRouteComponent(() => import('./users-page.tsx'), 'UsersPage'),
})

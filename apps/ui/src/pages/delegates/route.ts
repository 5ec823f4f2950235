import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { choiceParam, compact, flagParam, textParam } from '../../api/search-params.ts'
import { accountRoute } from '../../routes.tsx'

const TABS = ['tokens'] as const

export interface DelegatesSearch {
  /** Absent: the delegates themselves. */
  tab?: (typeof TABS)[number]
  q?: string
  /** The wizard is open. */
  install?: true
  /** Token that the wizard begins with. */
  token?: string
  /** That token is one of the project at hand, not of the account. */
  of?: 'project'
}

export const delegatesRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/delegates',
  validateSearch: (search: Record<string, unknown>): DelegatesSearch =>
    compact({
      tab: choiceParam(search['tab'], TABS),
      q: textParam(search['q']),
      install: flagParam(search['install']),
      token: textParam(search['token']),
      of: choiceParam(search['of'], ['project'] as const),
    }),
  component: lazyRouteComponent(() => import('./delegates-page.tsx'), 'DelegatesPage'),
})

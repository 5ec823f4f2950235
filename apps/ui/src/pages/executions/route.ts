import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { executionsQuery } from '../../api/executions.ts'
import { projectRoute } from '../../routes.tsx'
import { filtersOf, readSearch } from './search.ts'

export const executionsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/executions',
  validateSearch: readSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ context, params: { org, project }, deps }) => {
    const scope = { org, project, query: { orgIdentifier: org, projectIdentifier: project } }
    // Not awaited: the page draws its frame at once.
    void context.queryClient.prefetchQuery(executionsQuery(scope, filtersOf(deps, Date.now())))
  },
  component: lazyRouteComponent(() => import('./executions-page.tsx'), 'ExecutionsPage'),
})

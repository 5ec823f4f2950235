import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { executionQuery } from '../../api/executions.ts'
import { projectRoute } from '../../routes.tsx'
import { readExecutionSearch } from './search.ts'

export const executionRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/executions/$executionId',
  validateSearch: readExecutionSearch,
  loader: ({ context, params: { org, project, executionId } }) => {
    const scope = { org, project, query: { orgIdentifier: org, projectIdentifier: project } }
    // Not awaited: the page draws its frame at once.
    void context.queryClient.prefetchQuery(executionQuery(scope, executionId))
  },
  component: lazyRouteComponent(() => import('./execution-page.tsx'), 'ExecutionPage'),
})

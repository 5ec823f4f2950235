import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { instanceQuery, overviewQuery } from '../../api/schemas.ts'
import { projectRoute } from '../../routes.tsx'
import { readSearch } from './search.ts'

export const instanceRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/schemas/$schema/instances/$instance',
  validateSearch: readSearch,
  loader: ({ context: { queryClient }, params: { org, project, schema, instance } }) => {
    // Not awaited: the page draws its frame at once, and its code comes at the same time.
    void queryClient.prefetchQuery(instanceQuery({ org, project, schema, instance }))
    void queryClient.prefetchQuery(overviewQuery({ org, project, schema }))
  },
  component: lazyRouteComponent(() => import('./instance-page.tsx'), 'InstancePage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { instancesQuery, overviewQuery, schemaQuery } from '../../api/schemas.ts'
import { projectRoute } from '../../routes.tsx'
import { readSearch } from './search.ts'

export const schemaRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/schemas/$schema',
  validateSearch: readSearch,
  loader: ({ context: { queryClient }, params: { org, project, schema } }) => {
    const address = { org, project, schema }
    // Not awaited: the page draws its frame at once, and its code comes at the same time.
    void queryClient.prefetchQuery(schemaQuery(address))
    void queryClient.prefetchQuery(instancesQuery(address))
    void queryClient.prefetchQuery(overviewQuery(address))
  },
  component: lazyRouteComponent(() => import('./schema-page.tsx'), 'SchemaPage'),
})

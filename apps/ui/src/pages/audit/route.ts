import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { accountRoute } from '../../routes.tsx'
import { readSearch } from './audit-search.ts'

export const auditRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/audit',
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import('./audit-page.tsx'), 'AuditPage'),
})

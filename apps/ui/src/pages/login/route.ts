import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../routes.tsx'

/** Only addresses of this app: nobody is sent elsewhere after signing in. */
function safeNext(value: unknown): string | undefined {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) && !value.startsWith('/login') ? value : undefined
}

export const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  // Undefined by name: what is left out here would keep the value that the address has.
  validateSearch: (search: Record<string, unknown>): { next?: string | undefined } => ({
    next: safeNext(search['next']),
  }),
  component: lazyRouteComponent(() => import('./login-page.tsx'), 'LoginPage'),
})

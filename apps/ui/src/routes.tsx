import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router'
import { currentUserQuery } from './api/current-user.ts'
import { ApiProblem } from './api/problem.ts'
import { FailedState } from './design/states.tsx'
import { AppFrame } from './shell/app-frame.tsx'
import { NotFoundPage } from './shell/not-found-page.tsx'

export interface RouterContext {
  queryClient: QueryClient
}

/** The routes that others hang below. Pages define their own in `pages/<page>/route.ts`. */
export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
})

/** Everything but the login: asks who you are first, and sends you to the login if nobody knows. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(currentUserQuery())
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) {
        throw redirect({ to: '/login', search: { next: location.href }, replace: true })
      }
      throw error
    }
  },
  component: AppFrame,
  errorComponent: ({ error, reset }) => <FailedState error={error} onRetry={reset} />,
  notFoundComponent: NotFoundPage,
})

/** Pages of a project: `/orgs/<org>/projects/<project>/…`. */
export const projectRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/orgs/$org/projects/$project',
  component: Outlet,
})

/** Pages of the account: `/account/…`. */
export const accountRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/account',
  component: Outlet,
})

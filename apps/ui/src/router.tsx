import type { QueryClient } from '@tanstack/react-query'
import { createRoute, createRouter, redirect } from '@tanstack/react-router'
import { lastProject, pathsOf } from './api/project.ts'
import { FailedState, LoadingRows } from './design/states.tsx'
import { auditRoute } from './pages/audit/route.ts'
import { connectRoute } from './pages/connect/route.ts'
import { connectorRoute, newConnectorRoute } from './pages/connector/route.ts'
import { connectorsRoute } from './pages/connectors/route.ts'
import { delegatesRoute } from './pages/delegates/route.ts'
import { designRoute } from './pages/design/route.ts'
import { executionRoute } from './pages/execution/route.ts'
import { executionsRoute } from './pages/executions/route.ts'
import { homeRoute } from './pages/home/route.ts'
import { instanceRoute } from './pages/instance/route.ts'
import { loginRoute } from './pages/login/route.ts'
import { profileRoute } from './pages/profile/route.ts'
import { secretsRoute } from './pages/secrets/route.ts'
import { newPipelineRoute, pipelineRoute } from './pages/pipeline/route.ts'
import { pipelinesRoute } from './pages/pipelines/route.ts'
import { schemaRoute } from './pages/schema/route.ts'
import { schemasRoute } from './pages/schemas/route.ts'
import { settingsRoute } from './pages/settings/route.ts'
import { usersRoute } from './pages/users/route.ts'
import { accountRoute, projectRoute, rootRoute, signedInRoute } from './routes.tsx'

const startRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: pathsOf(lastProject()).home, replace: true })
  },
})

// A line per page, in the order of the navigation.
const routeTree = rootRoute.addChildren([
  loginRoute,
  signedInRoute.addChildren([
    startRoute,
    designRoute,
    profileRoute,
    projectRoute.addChildren([
      homeRoute,
      pipelinesRoute,
      newPipelineRoute,
      pipelineRoute,
      executionsRoute,
      executionRoute,
      connectRoute,
      schemasRoute,
      schemaRoute,
      instanceRoute,
      connectorsRoute,
      newConnectorRoute,
      connectorRoute,
      secretsRoute,
    ]),
    accountRoute.addChildren([delegatesRoute, auditRoute, usersRoute, settingsRoute]),
  ]),
])

/** The app's router; loaders find the query client in its context. */
export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    // React Query decides what is fresh.
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 200,
    defaultPendingComponent: () => <LoadingRows />,
    defaultErrorComponent: ({ error, reset }) => <FailedState error={error} onRetry={reset} />,
    scrollRestoration: true,
    scrollToTopSelectors: ['#content'],
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}

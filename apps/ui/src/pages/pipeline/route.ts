import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { pipelineQuery } from '../../api/pipelines.ts'
import { projectRoute } from '../../routes.tsx'

export const newPipelineRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'pipelines/new',
  component: lazyRouteComponent(() => import('./new-pipeline-page.tsx'), 'NewPipelinePage'),
})

export const pipelineRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'pipelines/$pipeline',
  loader: ({ context, params: { org, project, pipeline } }) => {
    const scope = { org, project, query: { orgIdentifier: org, projectIdentifier: project } }
    // The page tells a failure in place.
    void context.queryClient.prefetchQuery(pipelineQuery(scope, pipeline))
  },
  component: lazyRouteComponent(() => import('./pipeline-page.tsx'), 'PipelinePage'),
})

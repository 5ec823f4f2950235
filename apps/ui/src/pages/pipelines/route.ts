import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { projectRoute } from '../../routes.tsx'

export interface PipelinesSearch {
  q?: string
  /** From 1. */
  page?: number
}

export const pipelinesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'pipelines',
  validateSearch: (search: Record<string, unknown>): PipelinesSearch => {
    const page = Number(search['page'])
    return {
      ...(typeof search['q'] === 'string' && search['q'] !== '' ? { q: search['q'] } : {}),
      ...(Number.isInteger(page) && page > 1 ? { page } : {}),
    }
  },
  component: lazyRouteComponent(() => import('./pipelines-page.tsx'), 'PipelinesPage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { projectRoute } from '../../routes.tsx'

export interface SchemasSearch {
  q?: string
  /** From 1. */
  page?: number
  /** The form that makes a schema is open. */
  new?: true
}

export const schemasRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/schemas',
  validateSearch: (search: Record<string, unknown>): SchemasSearch => {
    const page = Number(search['page'])
    const q = typeof search['q'] === 'string' ? search['q'].slice(0, 128) : ''
    return {
      ...(q === '' ? {} : { q }),
      ...(Number.isInteger(page) && page > 1 ? { page } : {}),
      ...(search['new'] === true ? { new: true } : {}),
    }
  },
  component: lazyRouteComponent(() => import('./schemas-page.tsx'), 'SchemasPage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { choiceParam, compact } from '../../api/search-params.ts'
import { accountRoute } from '../../routes.tsx'

export const LEVELS = ['org', 'project'] as const

export const settingsRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/settings',
  /** `level`: whose settings; absent: the account's. */
  validateSearch: (search: Record<string, unknown>): { level?: (typeof LEVELS)[number] } =>
    compact({ level: choiceParam(search['level'], LEVELS) }),
  component: lazyRouteComponent(() => import('./settings-page.tsx'), 'SettingsPage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { projectRoute } from '../../routes.tsx'

export const STEPS = ['database', 'test', 'repository', 'state', 'pipeline'] as const
export type Step = (typeof STEPS)[number]

/** What the wizard has made so far: whoever opens the address goes on from there. */
export interface ConnectSearch {
  /** Opened by hand; absent: the first that is not done. */
  step?: Step
  /** References of connectors. */
  database?: string
  git?: string
  schema?: string
  instance?: string
}

const IDS = ['database', 'git', 'schema', 'instance'] as const

function readSearch(search: Record<string, unknown>): ConnectSearch {
  const found: ConnectSearch = {}
  for (const name of IDS) {
    const value = search[name]
    if (typeof value === 'string' && /^(org\.|account\.)?[\w$]{1,128}$/.test(value)) found[name] = value
  }
  const step = STEPS.find((one) => one === search['step'])
  return step === undefined ? found : { ...found, step }
}

export const connectRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/connect',
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import('./connect-page.tsx'), 'ConnectPage'),
})

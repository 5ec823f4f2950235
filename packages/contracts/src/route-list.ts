import * as accounts from './accounts.ts'
import * as apiKeys from './api-keys.ts'
import * as auditRoutes from './audit-routes.ts'
import * as auth from './auth.ts'
import * as connectors from './connectors.ts'
import * as dbopsInstances from './dbops-instances.ts'
import * as dbopsRequests from './dbops-requests.ts'
import * as dbopsSchemas from './dbops-schemas.ts'
import * as dbopsState from './dbops-state.ts'
import * as dbopsSteps from './dbops-steps.ts'
import * as delegates from './delegates.ts'
import * as gateway from './gateway.ts'
import * as logs from './logs.ts'
import * as organizations from './organizations.ts'
import * as pipelineInputs from './pipeline-inputs.ts'
import * as pipelines from './pipelines.ts'
import * as projects from './projects.ts'
import type { RouteContract } from './routes.ts'
import * as scm from './scm.ts'
import * as scmRequests from './scm-requests.ts'
import * as secrets from './secrets.ts'
import * as settings from './settings.ts'
import * as steps from './steps.ts'
import * as users from './users.ts'

const MODULES: readonly Record<string, unknown>[] = [
  accounts,
  apiKeys,
  auditRoutes,
  auth,
  connectors,
  dbopsInstances,
  dbopsRequests,
  dbopsSchemas,
  dbopsState,
  dbopsSteps,
  delegates,
  gateway,
  logs,
  organizations,
  pipelineInputs,
  pipelines,
  projects,
  scm,
  scmRequests,
  secrets,
  settings,
  steps,
  users,
]

function isRouteContract(value: unknown): value is RouteContract {
  return typeof value === 'object' && value !== null && 'operationId' in value && 'method' in value && 'path' in value
}

/** Every route of every service: for OpenAPI and for tests that try them all. A test keeps the list whole. */
export const ALL_ROUTES: readonly RouteContract[] = MODULES.flatMap((module) => Object.values(module)).filter(
  isRouteContract,
)

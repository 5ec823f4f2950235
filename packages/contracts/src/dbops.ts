import {
  createDbInstance,
  deleteDbInstance,
  getDbInstance,
  listDbInstances,
  updateDbInstance,
} from './dbops-instances.ts'
import {
  createDbSchema,
  deleteDbSchema,
  getDbopsOverview,
  getDbSchema,
  listDbSchemas,
  updateDbSchema,
} from './dbops-schemas.ts'
import { baselineInstance, getDatabaseRequest, refreshInstance, refreshSchema } from './dbops-requests.ts'
import { getChangeset, getDeployedState, getMigrationState, getPlan, listPlans } from './dbops-state.ts'

export * from './dbops-instances.ts'
export * from './dbops-requests.ts'
export * from './dbops-schemas.ts'
export * from './dbops-state.ts'
export * from './dbops-steps.ts'

/** Every public DB DevOps route, for OpenAPI and the tenant test. */
export const DBOPS_ROUTES = [
  listDbSchemas,
  createDbSchema,
  getDbopsOverview,
  getDbSchema,
  updateDbSchema,
  deleteDbSchema,
  createDbInstance,
  listDbInstances,
  getDbInstance,
  updateDbInstance,
  deleteDbInstance,
  getMigrationState,
  getChangeset,
  getDeployedState,
  refreshInstance,
  refreshSchema,
  getDatabaseRequest,
  baselineInstance,
  listPlans,
  getPlan,
] as const

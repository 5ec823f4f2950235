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
import { getDeployedState, getMigrationState, getPlan, listPlans } from './dbops-state.ts'

export * from './dbops-instances.ts'
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
  getDeployedState,
  listPlans,
  getPlan,
] as const

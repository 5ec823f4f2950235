export { connect } from './connect.ts'
export type { ConnectOptions } from './postgres/connect-postgres.ts'
export type { TlsMaterial } from './postgres/transport.ts'
export { CONNECT_PHASES, type ConnectPhase, type ConnectPhaseName, type OnPhase } from './connect-phase.ts'
export {
  DatabaseError,
  DIALECTS,
  type DatabaseIdentity,
  type Dialect,
  type Driver,
  type QueryResult,
  type SessionInfo,
  type StatementResult,
} from './driver.ts'
export { DriverError, type DriverErrorReason } from './error.ts'
export { isRefusedAddress } from './refused-address.ts'
export { readJdbcUrl, TLS_MODES, type JdbcTarget, type TlsMode } from './jdbc/read-jdbc-url.ts'
export {
  readPrivileges,
  type Privileges,
  type PrivilegesOptions,
  type TablePrivileges,
} from './postgres/read-privileges.ts'

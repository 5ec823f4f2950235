import type { Driver } from './driver.ts'
import { DriverError } from './error.ts'
import type { JdbcTarget } from './jdbc/read-jdbc-url.ts'
import { connectPostgres, type ConnectOptions } from './postgres/connect-postgres.ts'

/**
 * Opens one session on a target. Each phase (DNS, TCP, TLS, login, session) is reported with its time.
 * @throws DriverError, its `reason` naming what failed.
 */
export async function connect(target: JdbcTarget, options: ConnectOptions): Promise<Driver> {
  switch (target.dialect) {
    case 'postgresql':
      return connectPostgres(target, options)
    case 'mysql':
    case 'mariadb':
      throw new DriverError(
        'DRIVER_NOT_BUILT',
        `The driver for "${target.dialect}" is not built yet. Use a PostgreSQL database`,
      )
  }
}

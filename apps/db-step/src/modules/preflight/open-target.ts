import { AppError } from '@sluice/contracts/errors'
import type { DatabaseTarget } from '@sluice/contracts/tasks'
import { connect, readJdbcUrl, type ConnectPhase, type Driver, type JdbcTarget } from '@sluice/drivers'
import { secretOf, type StepContext } from '../step/step-context.ts'

/** Opens the session of this attempt; every phase is told to `onPhase`. @throws DriverError; AppError SECRET_NOT_OPENED. */
export async function openTarget(
  target: DatabaseTarget,
  context: Pick<StepContext, 'attemptId' | 'secrets' | 'signal'>,
  onPhase: (phase: ConnectPhase) => void,
): Promise<{ driver: Driver; jdbc: JdbcTarget }> {
  const url = readJdbcUrl(target.jdbcUrl)
  const jdbc = target.database === undefined ? url : { ...url, database: target.database }
  if (target.username === undefined || target.username === '') {
    throw new AppError(
      'DATABASE_AUTHENTICATION_FAILED',
      'The database connector names no user. Put a user name into the connector.',
    )
  }
  const driver = await connect(jdbc, {
    user: target.username,
    password: secretOf(context, target.passwordSecret) ?? '',
    applicationName: context.attemptId,
    onPhase,
    signal: context.signal,
    ...(target.schema === undefined ? {} : { schema: target.schema }),
  })
  return { driver, jdbc }
}

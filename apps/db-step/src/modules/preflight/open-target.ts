import { AppError } from '@sluice/contracts/errors'
import type { DatabaseTarget } from '@sluice/contracts/tasks'
import { inEdgeSpan } from '@sluice/pod/program'
import { connect, readJdbcUrl, type ConnectPhase, type Driver, type JdbcTarget } from '@sluice/drivers'
import { explainLocalhost, isInContainer } from './explain-localhost.ts'
import { secretOf, type StepContext } from '../step/step-context.ts'

/** Opens the session of this attempt; every phase is told to `onPhase`. @throws DriverError; AppError SECRET_NOT_OPENED. */
export async function openTarget(
  target: DatabaseTarget,
  context: Pick<StepContext, 'attemptId' | 'secrets' | 'signal' | 'traceparent'>,
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
  const options = {
    user: target.username,
    password: secretOf(context, target.passwordSecret) ?? '',
    applicationName: context.attemptId,
    onPhase,
    signal: context.signal,
    ...(target.schema === undefined ? {} : { schema: target.schema }),
  }
  const edge = { traceparent: context.traceparent, from: 'step-container', to: 'target-database' }
  try {
    const driver = await inEdgeSpan('connect', edge, () => connect(jdbc, options))
    return { driver, jdbc }
  } catch (error) {
    throw explainLocalhost(error, jdbc, isInContainer())
  }
}

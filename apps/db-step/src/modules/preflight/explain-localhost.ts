import { existsSync } from 'node:fs'
import { AppError } from '@sluice/contracts/errors'
import { DriverError, type DriverErrorReason, type JdbcTarget } from '@sluice/drivers'

const NOBODY_THERE: ReadonlySet<DriverErrorReason> = new Set([
  'CONNECTION_REFUSED',
  'CONNECT_TIMEOUT',
  'HOST_UNREACHABLE',
  'UNKNOWN_HOST',
])

/** Whether this program runs in a container: the image says so, else the file that container engines leave. */
export function isInContainer(env: NodeJS.ProcessEnv = process.env): boolean {
  const said = env['SLUICE_DELEGATE_IN_CONTAINER']
  if (said !== undefined && said !== '') return said === '1' || said === 'true'
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv')
}

/**
 * Says what "localhost" means in a container, where nobody answered there: whoever wrote it meant the machine.
 * Any other error is given back as it is.
 */
export function explainLocalhost(error: unknown, target: Pick<JdbcTarget, 'hosts'>, inContainer: boolean): unknown {
  if (!inContainer || !(error instanceof DriverError) || !NOBODY_THERE.has(error.reason)) return error
  const local = target.hosts.find(({ host }) => isLoopback(host))
  if (local === undefined) return error
  return new AppError(
    error.code,
    `${ended(error.message)} The delegate runs in a container, and "${local.host}" is this container itself: for a database on the machine write "host.docker.internal" (or the machine's name) in the JDBC URL, for one in another container that container's name.`,
    { details: { reason: error.reason, host: local.host, hint: 'LOCALHOST_IN_CONTAINER' }, cause: error },
  )
}

function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}

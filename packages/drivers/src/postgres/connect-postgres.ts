import type { Socket } from 'node:net'
import pg from 'pg'
import { inPhase, type OnPhase } from '../connect-phase.ts'
import type { Driver } from '../driver.ts'
import { DriverError } from '../error.ts'
import type { JdbcTarget, TlsMode } from '../jdbc/read-jdbc-url.ts'
import { requestCancel } from './cancel.ts'
import { PostgresDriver } from './postgres-driver.ts'
import { abortable, openTransport, type TlsMaterial, type TransportOptions } from './transport.ts'

export interface ConnectOptions {
  user: string
  password: string
  /** Names the session on the server, e.g. the attempt's id. At most 63 bytes are kept. */
  applicationName: string
  /** Taken on with SET ROLE after login. */
  role?: string
  /** Default schema of the session; wins over `currentSchema` of the URL. */
  schema?: string
  tls?: TlsMaterial
  /** For all phases together, 10,000 by default. */
  timeoutMs?: number
  onPhase?: OnPhase
  signal?: AbortSignal
}

const DEFAULT_TIMEOUT_MS = 10_000
/**
 * A client that dies in a long statement frees its locks within seconds, not when the statement ends. Postgres knows the
 * setting since 14, and not on every platform.
 */
const NOTICE_DEAD_CLIENTS = `DO $$ BEGIN
  PERFORM set_config('client_connection_check_interval', '5s', false);
EXCEPTION WHEN undefined_object OR invalid_parameter_value OR feature_not_supported THEN NULL;
END $$`

/** Tries the hosts in their order; the error is that of the last one. */
export async function connectPostgres(target: JdbcTarget, options: ConnectOptions): Promise<Driver> {
  const limit = AbortSignal.timeout(target.connectTimeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal])
  let failure: unknown = new DriverError('INVALID_JDBC_URL', 'The JDBC URL names no host')
  for (const { host, port } of target.hosts) {
    try {
      return await connectHost(
        target,
        { host, port, tlsMode: target.tlsMode, tls: options.tls ?? {}, signal, onPhase: options.onPhase },
        options,
      )
    } catch (error) {
      failure = error
      // Another host would answer the same to a wrong password, and count a second failed login.
      const final =
        error instanceof DriverError &&
        (error.reason === 'WRONG_PASSWORD' || error.reason === 'ABORTED' || error.reason === 'UNKNOWN_DATABASE')
      if (final || signal.aborted) throw error
    }
  }
  throw failure
}

async function connectHost(target: JdbcTarget, transport: TransportOptions, options: ConnectOptions): Promise<Driver> {
  try {
    return await openSession(target, transport, options)
  } catch (error) {
    // sslmode=allow: without TLS first, and with it where the server insists.
    if (transport.tlsMode !== 'allow' || !(error instanceof DriverError) || error.reason !== 'LOGIN_REFUSED')
      throw error
    const withTls: TlsMode = 'require'
    return openSession(target, { ...transport, tlsMode: withTls }, options)
  }
}

async function openSession(target: JdbcTarget, transport: TransportOptions, options: ConnectOptions): Promise<Driver> {
  const { host, port, signal, onPhase } = transport
  const socket = await openTransport(transport)
  const client = new pg.Client({
    user: options.user,
    // A function, so that no environment variable or password file stands in for an empty one.
    password: () => options.password,
    database: target.database === '' ? options.user : target.database,
    host,
    port,
    ssl: false,
    stream: () => connected(socket),
    application_name: applicationName(options.applicationName, target.applicationName),
    // A blank, so that no environment variable stands in for absent options.
    options: target.options ?? ' ',
  })
  // Errors reach the caller through `connect`; later ones through the driver, which adds a listener of its own.
  client.on('error', () => undefined)
  try {
    await inPhase(
      'login',
      onPhase,
      () => logIn(client, transport, target, options),
      () => `logged in as "${options.user}"`,
    )
    const backend = backendKey(client)
    const driver = new PostgresDriver(client, (patience) =>
      requestCancel(backend, { ...transport, signal: patience, onPhase: undefined }),
    )
    await inPhase(
      'session',
      onPhase,
      () => prepareSession(driver, target, options, signal, host, port),
      (sentence) => sentence,
    )
    return driver
  } catch (error) {
    socket.destroy()
    throw error
  }
}

async function logIn(
  client: pg.Client,
  { host, port, signal }: TransportOptions,
  target: JdbcTarget,
  options: ConnectOptions,
): Promise<void> {
  try {
    await abortable(client.connect(), signal, `Logging in to ${host}:${port}`)
  } catch (error) {
    if (error instanceof DriverError) throw error
    throw loginError(error, host, port, target.database === '' ? options.user : target.database, options.user)
  }
}

function loginError(error: unknown, host: string, port: number, database: string, user: string): DriverError {
  const state = error instanceof pg.DatabaseError ? error.code : undefined
  const message = error instanceof Error ? error.message : String(error)
  const details = { host, port, database, user, sqlState: state ?? null }
  const at = `${host}:${port}`
  // The client itself finds that there is no password to answer with.
  const noPassword = state === undefined && /password must be a/.test(message)
  switch (noPassword ? '28P01' : (state ?? '')) {
    case '28P01':
      return new DriverError(
        'WRONG_PASSWORD',
        `${at} refuses the password of "${user}". Check the user and the password secret of the connector`,
        { cause: error, details },
      )
    case '28000':
      return new DriverError(
        'LOGIN_REFUSED',
        `${at} refuses "${user}": ${message}. Check that the account may log in, and the server's pg_hba.conf`,
        {
          cause: error,
          details,
        },
      )
    case '42501':
      return new DriverError(
        'LOGIN_REFUSED',
        `"${user}" may not connect to the database "${database}" on ${at}. Grant CONNECT on it`,
        { cause: error, details },
      )
    case '3D000':
      return new DriverError('UNKNOWN_DATABASE', `There is no database "${database}" on ${at}. Check the JDBC URL`, {
        cause: error,
        details,
      })
    case '53300':
      return new DriverError(
        'TOO_MANY_CONNECTIONS',
        `${at} takes no more connections: ${message}. Close some, or try again`,
        { cause: error, details },
      )
    case '57P03':
      return new DriverError('DATABASE_STARTING', `${at} is starting up or shutting down. Try again`, {
        cause: error,
        details,
      })
    default:
      return new DriverError(
        'LOGIN_FAILED',
        `${at} did not log "${user}" in: ${message}. Check that a PostgreSQL server listens there`,
        { cause: error, details },
      )
  }
}

async function prepareSession(
  driver: PostgresDriver,
  target: JdbcTarget,
  options: ConnectOptions,
  signal: AbortSignal,
  host: string,
  port: number,
): Promise<string> {
  const done: string[] = []
  await driver.execute(NOTICE_DEAD_CLIENTS, signal)
  if (options.role !== undefined) {
    try {
      await driver.query("SELECT set_config('role', $1, false)", [options.role], signal)
    } catch (error) {
      throw new DriverError(
        'UNKNOWN_ROLE',
        `"${options.user}" can't take on the role "${options.role}". Check its name, and grant it`,
        { cause: error },
      )
    }
    done.push(`role "${options.role}"`)
  }
  if (options.schema !== undefined) {
    const { rows } = await driver.query(
      'SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1',
      [options.schema],
      signal,
    )
    if (rows.length === 0) {
      throw new DriverError(
        'UNKNOWN_SCHEMA',
        `There is no schema "${options.schema}" in the database "${target.database}", or "${options.user}" can't see it. Create it, or change the schema`,
      )
    }
    await driver.query("SELECT set_config('search_path', quote_ident($1), false)", [options.schema], signal)
    done.push(`schema "${options.schema}"`)
  } else if (target.currentSchema !== null) {
    await driver.query("SELECT set_config('search_path', $1, false)", [target.currentSchema], signal)
    done.push(`search path ${target.currentSchema}`)
  }
  if (target.readOnly) await driver.execute('SET default_transaction_read_only = on', signal)
  if (target.targetServerType === 'primary' && (await driver.session(signal)).inRecovery) {
    throw new DriverError('NOT_PRIMARY', `${host}:${port} is a replica, but the URL asks for a primary`, {
      details: { host, port },
    })
  }
  return done.length === 0 ? 'ready' : `ready with ${done.join(' and ')}`
}

function applicationName(attempt: string, ofUrl: string | null): string {
  return ofUrl === null ? attempt : `${attempt} ${ofUrl}`
}

/** A socket that is connected already, for a client that insists on connecting it. */
function connected(socket: Socket): Socket {
  socket.connect = () => {
    process.nextTick(() => socket.emit('connect'))
    return socket
  }
  return socket
}

/** The key under which the server takes cancel requests; the client keeps it, its types don't tell. */
function backendKey(client: pg.Client): { processId: number; secretKey: number } {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
  return { processId: processID, secretKey }
}

import type { Dialect } from '../driver.ts'
import { DriverError } from '../error.ts'
import { POSTGRES_PARAMETERS } from './parameters.ts'

/** JDBC's meanings: `allow` and `prefer` accept a server without TLS; only the two `verify` modes look at the certificate. */
export const TLS_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type TlsMode = (typeof TLS_MODES)[number]

export interface JdbcTarget {
  dialect: Dialect
  /** Tried in this order. */
  hosts: readonly { host: string; port: number }[]
  /** Empty: the database named like the account. */
  database: string
  tlsMode: TlsMode
  /** `currentSchema` as written: a comma list, or null. */
  currentSchema: string | null
  /** Start-up options, e.g. `-c geqo=off`. */
  options: string | null
  applicationName: string | null
  readOnly: boolean
  targetServerType: 'any' | 'primary'
  keepAlive: boolean
  /** Milliseconds, null for the caller's own limit. */
  connectTimeoutMs: number | null
  /** Parameters that have no effect here, as sentences. */
  notices: readonly string[]
}

/** Databases whose URL is understood well enough to name what is missing. */
const NOT_BUILT: Readonly<Record<string, string>> = {
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  percona: 'Percona Server',
  sqlserver: 'SQL Server',
  oracle: 'Oracle',
  sqlite: 'SQLite',
  h2: 'H2',
  db2: 'Db2',
  snowflake: 'Snowflake',
  cloudspanner: 'Cloud Spanner',
  bigquery: 'BigQuery',
  mongodb: 'MongoDB',
}
const DEFAULT_PORT = 5432

/**
 * Reads a JDBC URL such as `jdbc:postgresql://h1:5432,h2/orders?currentSchema=app&sslmode=verify-full`.
 * @throws DriverError INVALID_JDBC_URL, JDBC_PARAMETER_REFUSED (credentials, classes, files, unknown names), DRIVER_NOT_BUILT.
 */
export function readJdbcUrl(url: string): JdbcTarget {
  const scheme = /^jdbc:([a-z0-9]+):/i.exec(url.trim())?.[1]?.toLowerCase()
  if (scheme === undefined) {
    throw invalid(url, 'must look like "jdbc:postgresql://host:5432/database"')
  }
  if (scheme !== 'postgresql') {
    const name = NOT_BUILT[scheme]
    if (name === undefined) throw invalid(url, `names the unknown database "${scheme}". Use jdbc:postgresql://…`)
    throw new DriverError(
      'DRIVER_NOT_BUILT',
      `The driver for ${name} ("jdbc:${scheme}:…") is not built yet. Use a PostgreSQL database`,
      {
        details: { dialect: scheme },
      },
    )
  }
  const rest = url.trim().slice('jdbc:postgresql:'.length)
  const [address, query] = splitOnce(rest, '?')
  const { hosts, database } = readAddress(url, address)
  return { dialect: 'postgresql', hosts, database, ...readParameters(url, query) }
}

function readAddress(url: string, address: string): Pick<JdbcTarget, 'hosts' | 'database'> {
  if (!address.startsWith('//')) {
    return { hosts: [{ host: 'localhost', port: DEFAULT_PORT }], database: decode(url, address.replace(/^\//, '')) }
  }
  const [authority, path] = splitOnce(address.slice(2), '/')
  if (authority.includes('@')) {
    throw new DriverError(
      'JDBC_PARAMETER_REFUSED',
      `The JDBC URL "${withoutQuery(url)}" has credentials before its host. Put them into the connector`,
    )
  }
  const hosts = authority.split(',').map((part) => readHost(url, part.trim()))
  return { hosts, database: decode(url, path) }
}

function readHost(url: string, part: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:.%]+\]|[^:[\]\s]*)(?::(\d*))?$/.exec(part)
  if (match === null) throw invalid(url, `has the address "${part}", which is not host:port`)
  const port = match[2] === undefined || match[2] === '' ? DEFAULT_PORT : Number(match[2])
  if (port < 1 || port > 65_535) throw invalid(url, `has the port ${port}, which is not between 1 and 65535`)
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '')
  return { host: host === '' ? 'localhost' : host, port }
}

function readParameters(url: string, query: string): Omit<JdbcTarget, 'dialect' | 'hosts' | 'database'> {
  const values = new Map<string, string>()
  const notices: string[] = []
  const refusals: string[] = []
  for (const part of query.split('&').filter((piece) => piece !== '')) {
    const [rawName, rawValue] = splitOnce(part, '=')
    const name = decode(url, rawName)
    const rule = Object.hasOwn(POSTGRES_PARAMETERS, name) ? POSTGRES_PARAMETERS[name] : undefined
    if (rule === undefined)
      refusals.push(
        `"${name}" is refused: it is no parameter of the PostgreSQL JDBC driver. Check its spelling and capitals`,
      )
    else if (rule.kind === 'refused') refusals.push(`"${name}" is refused: ${rule.why}`)
    else if (rule.kind === 'noEffect') notices.push(`The JDBC parameter "${name}" has no effect here`)
    else values.set(name, decode(url, rawValue))
  }
  if (refusals.length > 0) {
    throw new DriverError(
      'JDBC_PARAMETER_REFUSED',
      `The JDBC URL "${withoutQuery(url)}" can't be used: ${refusals.join('; ')}`,
      { details: { refusals } },
    )
  }
  const readOnly = values.get('readOnly') === 'true'
  return {
    tlsMode: readTlsMode(url, values),
    currentSchema: values.get('currentSchema') ?? null,
    options: values.get('options') ?? null,
    applicationName: values.get('ApplicationName') ?? null,
    readOnly,
    targetServerType: readServerType(url, values.get('targetServerType')),
    keepAlive: values.get('tcpKeepAlive') === 'true',
    connectTimeoutMs: readSeconds(url, values.get('connectTimeout') ?? values.get('loginTimeout')),
    notices,
  }
}

function readTlsMode(url: string, values: ReadonlyMap<string, string>): TlsMode {
  const text = values.get('sslmode')
  if (text === undefined) {
    const ssl = values.get('ssl')
    return ssl === '' || ssl === 'true' ? 'verify-full' : 'prefer'
  }
  const mode = TLS_MODES.find((candidate) => candidate === text.toLowerCase())
  if (mode === undefined) throw invalid(url, `has sslmode "${text}", which is none of ${TLS_MODES.join(', ')}`)
  return mode
}

function readServerType(url: string, text: string | undefined): 'any' | 'primary' {
  if (text === undefined || text === 'any') return 'any'
  if (text === 'primary' || text === 'master') return 'primary'
  throw invalid(url, `has targetServerType "${text}", but changes need a primary. Use any or primary`)
}

function readSeconds(url: string, text: string | undefined): number | null {
  if (text === undefined || text === '0') return null
  if (!/^\d+(?:\.\d+)?$/.test(text))
    throw invalid(url, `has a time limit of "${text}", which is not a number of seconds`)
  return Number(text) * 1000
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function decode(url: string, text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'))
  } catch (error) {
    if (error instanceof URIError) throw invalid(url, `has "${text}", which is not percent-encoded text`)
    throw error
  }
}

function invalid(url: string, what: string): DriverError {
  return new DriverError('INVALID_JDBC_URL', `The JDBC URL "${withoutQuery(url)}" ${what}`)
}

/** Parameters may hold what must not be shown. */
function withoutQuery(url: string): string {
  return splitOnce(url, '?')[0]
    .replace(/\/\/[^/]*@/, '//…@')
    .slice(0, 300)
}

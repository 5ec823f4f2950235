/** The parts of a JDBC URL that names and hints are made of. */
export interface JdbcParts {
  /** `postgresql`, `oracle`, … */
  engine: string
  host?: string
  port?: number
  database?: string
}

/** What the delegate has drivers for. */
const ENGINES = ['postgresql']
const EXAMPLE = 'jdbc:postgresql://host:5432/database'

export function jdbcParts(url: string): JdbcParts | undefined {
  const match = /^jdbc:([a-z0-9+]+):(?:\/\/)?([^/?;]*)(?:\/([^?;]*))?/i.exec(url.trim())
  if (match === null) return undefined
  const [, engine = '', address = '', path = ''] = match
  const server = /^(\[[^\]]*\]|[^:,]*)(?::(\d+))?/.exec(address)
  const named = /[;?&]databaseName=([^;&]+)/i.exec(url)?.[1]
  const database = path === '' ? named : path
  return {
    engine: engine.toLowerCase(),
    ...(server?.[1] === undefined || server[1] === '' ? {} : { host: server[1] }),
    ...(server?.[2] === undefined ? {} : { port: Number(server[2]) }),
    ...(database === undefined || database === '' ? {} : { database }),
  }
}

/** That nothing here drives the kind of database that a JDBC URL names; undefined where it does, or none is named. */
export function engineProblem(url: string): string | undefined {
  const engine = jdbcParts(url)?.engine ?? ''
  return engine === '' || ENGINES.includes(engine)
    ? undefined
    : `“${engine}” is not built yet; PostgreSQL is, as in ${EXAMPLE}`
}

/** What is wrong with a JDBC URL, in a sentence; undefined for one that can be tried. */
export function jdbcUrlProblem(url: string): string | undefined {
  const text = url.trim()
  if (text === '') return 'Paste the address of the database.'
  if (text.includes('${')) return 'Write the value in place of “${…}”: nothing here fills placeholders in.'
  if (/\s/.test(text)) return 'A URL has no spaces.'
  if (!/^jdbc:/i.test(text)) {
    return /^[\w.-]+(:\d+)?(\/\w+)?$/.test(text)
      ? `This is a host, not a URL yet. Write ${EXAMPLE}`
      : `It begins with “jdbc:”, as in ${EXAMPLE}`
  }
  const parts = jdbcParts(text)
  if (parts === undefined || parts.engine === '') return `Write the kind of database after “jdbc:”, as in ${EXAMPLE}`
  const engine = engineProblem(text)
  if (engine !== undefined) return engine
  if (!/^jdbc:[a-z0-9+]+:\/\//i.test(text)) return `Two slashes come before the host, as in ${EXAMPLE}`
  if (parts.host === undefined) return `The host is missing, as in ${EXAMPLE}`
  if (parts.port !== undefined && (parts.port < 1 || parts.port > 65_535)) return `There is no port ${parts.port}.`
  if (
    /:\D/.test(
      text
        .replace(/^jdbc:[a-z0-9+]+:\/\//i, '')
        .split(/[/?]/)[0]
        ?.replace(/^\[[^\]]*\]/, '') ?? '',
    )
  ) {
    return 'The port is a number.'
  }
  if (parts.database === undefined) return 'The name of the database is missing at the end, after a slash.'
  return undefined
}

/** Whether the URL means the machine itself, which in a container is the container. */
export function isLoopback(url: string): boolean {
  const host = jdbcParts(url)?.host?.toLowerCase()
  return host !== undefined && (host === 'localhost' || host === '[::1]' || host.startsWith('127.'))
}

/** The same URL with another host. */
export function withHost(url: string, host: string): string {
  return url.replace(/^(jdbc:[a-z0-9+]+:\/\/)(\[[^\]]*\]|[^:/?;,]*)/i, `$1${host}`)
}

/** A name for people: "shop on db.internal". */
export function nameOf(url: string): string {
  const parts = jdbcParts(url)
  if (parts?.database === undefined) return ''
  const words = parts.database.replaceAll(/[_-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** What a paste says about a database. Everything may be absent; nothing is made up. */
export interface PastedDatabase {
  /** JDBC URL without user name and password. */
  url?: string
  username?: string
  /** Goes into the password field and from there to the secret, nowhere else. */
  password?: string
  changelog?: string
  contexts?: string
  labels?: string
  schema?: string
  /** Fields whose value was a placeholder such as `${DB_PASSWORD}`: what stands behind it is not known here. */
  placeholders?: Field[]
}

type Field = 'url' | 'username' | 'password' | 'changelog' | 'contexts' | 'labels' | 'schema'

/** Names that properties files, environments and command lines use, without separators and in lower case. */
const NAMES: Record<string, Field> = {
  url: 'url',
  liquibasecommandurl: 'url',
  liquibaseurl: 'url',
  databaseurl: 'url',
  jdbcurl: 'url',
  jdbcdatabaseurl: 'url',
  springdatasourceurl: 'url',
  springliquibaseurl: 'url',
  username: 'username',
  user: 'username',
  liquibasecommandusername: 'username',
  liquibaseusername: 'username',
  springdatasourceusername: 'username',
  springliquibaseuser: 'username',
  password: 'password',
  liquibasecommandpassword: 'password',
  liquibasepassword: 'password',
  springdatasourcepassword: 'password',
  springliquibasepassword: 'password',
  changelogfile: 'changelog',
  liquibasecommandchangelogfile: 'changelog',
  springliquibasechangelog: 'changelog',
  contexts: 'contexts',
  contextfilter: 'contexts',
  liquibasecommandcontexts: 'contexts',
  liquibasecommandcontextfilter: 'contexts',
  labels: 'labels',
  labelfilter: 'labels',
  liquibasecommandlabels: 'labels',
  liquibasecommandlabelfilter: 'labels',
  defaultschemaname: 'schema',
  liquibasecommanddefaultschemaname: 'schema',
}

/**
 * Reads what people have at hand: a JDBC URL, the URL of a cloud provider (`postgres://user:pw@host/db`), a
 * `liquibase.properties`, environment variables or options of a command line. Lines that mean nothing are left out.
 */
export function parseDatabase(text: string): PastedDatabase {
  const trimmed = text.trim()
  if (/^\S+$/.test(trimmed) && isDatabaseUrl(trimmed)) return withoutCredentials(trimmed)
  const found: Partial<Record<Field, string>> = {}
  const placeholders = new Set<Field>()
  for (const [name, value] of propertiesOf(trimmed)) {
    const field = NAMES[name.toLowerCase().replaceAll(/[^a-z]/g, '')]
    if (field === undefined || value === '') continue
    if (value.includes('${')) placeholders.add(field)
    else found[field] = value
  }
  const url: PastedDatabase = found.url === undefined ? {} : withoutCredentials(found.url)
  const { changelog } = found
  for (const field of url.placeholders ?? []) placeholders.add(field)
  return {
    ...url,
    ...found,
    ...(placeholders.size === 0 ? {} : { placeholders: [...placeholders] }),
    ...(url.url === undefined ? {} : { url: url.url }),
    ...(changelog === undefined ? {} : { changelog: changelog.replace(/^(classpath:|file:)?\/*(\.\/)*/, '') }),
  }
}

function isDatabaseUrl(text: string): boolean {
  return /^(jdbc:|postgres(ql)?:\/\/|mysql:\/\/|mariadb:\/\/)/i.test(text)
}

/** Name and value of every line of a properties file, `export A=b`, and `--name=value`. */
function propertiesOf(text: string): [string, string][] {
  const lines = text.replaceAll(/\\\r?\n\s*/g, ' ').split(/\r?\n/)
  return lines.flatMap((line): [string, string][] => {
    if (/^\s*[#!]/.test(line)) return []
    if (/(^|\s)--[a-z]/i.test(line)) {
      return [...line.matchAll(/--([a-z][\w.-]*)(?:=|\s+)("[^"]*"|'[^']*'|\S+)/gi)].map(([, name = '', value = '']) => [
        name,
        unquoted(value),
      ])
    }
    const match = /^\s*(?:export\s+|set\s+)?([\w.-]+)\s*[=:]\s*(.*?)\s*;?\s*$/i.exec(line)
    if (match === null) return []
    return [[match[1] ?? '', unescaped(unquoted(match[2] ?? ''))]]
  })
}

function unquoted(value: string): string {
  return /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value
}

/** Properties files escape `:`, `=` and spaces. */
function unescaped(value: string): string {
  return value.replaceAll(/\\([:=# !\\])/g, '$1')
}

const CREDENTIALS: Record<string, 'username' | 'password'> = {
  user: 'username',
  username: 'username',
  password: 'password',
  pwd: 'password',
  passwd: 'password',
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not percent-encoded: it is the text itself.
    return text
  }
}

/** Takes user name and password out of a URL, and makes a JDBC URL of what is none yet. */
function withoutCredentials(text: string): PastedDatabase {
  const found: PastedDatabase = {}
  let url = text
    .replace(/^(jdbc:)?postgres(ql)?:\/\//i, 'jdbc:postgresql://')
    .replace(/^(mysql|mariadb):\/\//i, (scheme) => `jdbc:${scheme.toLowerCase()}`)
  // The last @ before the path: passwords hold others.
  const info = /^(jdbc:[a-z0-9+:]+\/\/)([^/?]*)@(.*)$/i.exec(url)
  if (info !== null) {
    const [, head = '', userInfo = '', rest = ''] = info
    const [user = '', ...password] = userInfo.split(':')
    url = head + rest
    const secret = password.join(':')
    if (user !== '' && !user.includes('${')) found.username = decoded(user)
    if (secret !== '' && !secret.includes('${')) found.password = decoded(secret)
  }
  url = url.replaceAll(/([?&;])([\w.-]+)=([^&;]*)/g, (whole, separator: string, name: string, value: string) => {
    const field = CREDENTIALS[name.toLowerCase()]
    // Without a value somebody still types it.
    if (field === undefined || value === '') return whole
    if (value.includes('${')) found.placeholders = [...(found.placeholders ?? []), field]
    else found[field] = decoded(value)
    return separator === '?' ? '?' : ''
  })
  url = url.replace(/\?&/, '?').replace(/[?]$/, '')
  return { ...found, url }
}

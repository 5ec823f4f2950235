import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Client } from 'pg'
import type { Redis } from 'ioredis'

/** A text that must not be found, in every form that a piece of it could have survived in. */
export interface Needle {
  form: string
  bytes: Buffer
}

/**
 * Forms of one fragment: as it is (which is also its JSON, URL and HTML form when it holds letters and digits only), in
 * base64 at each alignment, in hex and in UTF-16.
 */
export function needlesOf(fragment: string): Needle[] {
  const bytes = Buffer.from(fragment)
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
  })
  const hex = bytes.toString('hex')
  return [
    { form: 'plain', bytes },
    { form: 'reversed', bytes: Buffer.from(bytes.toReversed()) },
    { form: 'UTF-16', bytes: Buffer.from(fragment, 'utf16le') },
    { form: 'hex', bytes: Buffer.from(hex) },
    { form: 'HEX', bytes: Buffer.from(hex.toUpperCase()) },
    ...base64.map((text, offset) => ({ form: `base64 at ${offset}`, bytes: Buffer.from(text) })),
  ]
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08])

/** Everything in `bytes` that is gzip, unpacked; what only looks like it is passed over. */
function unpacked(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = bytes.indexOf(GZIP_MAGIC); at !== -1; at = bytes.indexOf(GZIP_MAGIC, at + 3)) {
    try {
      found.push(gunzipSync(bytes.subarray(at)))
    } catch {
      // Three bytes that happen to look like the beginning of a member.
    }
  }
  return found
}

/** Where the needles are: `<place>: <form>`, once each. */
export class Finder {
  readonly #needles: readonly Needle[]
  readonly #found = new Set<string>()
  #searchedBytes = 0

  constructor(needles: readonly Needle[]) {
    this.#needles = needles
  }

  get found(): string[] {
    return [...this.#found]
  }

  get searchedBytes(): number {
    return this.#searchedBytes
  }

  search(place: string, data: Buffer | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    this.#searchedBytes += bytes.length
    for (const { form, bytes: needle } of this.#needles) {
      const at = bytes.indexOf(needle)
      if (at === -1) continue
      const around = bytes.subarray(Math.max(0, at - 60), at + needle.length + 20)
      this.#found.add(`${place}: ${form}: ${around.toString('utf8').replaceAll(/[^\x20-\x7e]/g, '.')}`)
    }
  }

  /** The same for what may hold gzip. */
  searchPacked(place: string, bytes: Buffer): void {
    this.search(place, bytes)
    for (const inner of unpacked(bytes)) this.search(`${place} (unpacked)`, inner)
  }
}

/** Every value of every column of every table, bytes unpacked where they are gzip. */
export async function searchDatabase(url: string, finder: Finder): Promise<number> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ schema: string; name: string }>(
      `select table_schema::text as schema, table_name::text as name from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    )
    for (const { schema, name } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(`select * from "${schema}"."${name}"`)
      for (const row of rows) {
        for (const [column, value] of Object.entries(row)) {
          if (Buffer.isBuffer(value)) finder.searchPacked(`${schema}.${name}.${column}`, value)
          else if (value !== null)
            finder.search(`${schema}.${name}.${column}`, typeof value === 'string' ? value : JSON.stringify(value))
        }
      }
    }
    return tables.length
  } finally {
    await client.end()
  }
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key)
    case 'list':
      return redis.lrange(key, 0, -1)
    case 'hash':
      return redis.hgetall(key)
    case 'set':
      return redis.smembers(key)
    case 'zset':
      return redis.zrange(key, '0', '-1')
    case 'stream':
      return redis.xrange(key, '-', '+')
    default:
      return undefined
  }
}

export async function searchRedis(redis: Redis, finder: Finder): Promise<void> {
  for (const key of await redis.keys('*')) {
    finder.search(`Redis ${key}`, `${key} ${JSON.stringify(await valueOf(redis, key))}`)
  }
}

/** Every file below `folder`, whatever it is. */
export async function searchFiles(folder: string, finder: Finder): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    finder.search('a file name', path)
    // Files come and go while the system runs.
    const bytes = await readFile(path).catch(() => Buffer.alloc(0))
    // Postgres' own files hold values as they are; columns are unpacked where they are read as columns.
    if (path.startsWith(join(folder, 'postgres'))) finder.search(path, bytes)
    else finder.searchPacked(path, bytes)
  }
}

/** Command line and environment of every process of this machine. */
export async function searchProcesses(finder: Finder): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const file of ['cmdline', 'environ', 'comm']) {
      // A process may end between the two looks.
      const bytes = await readFile(join('/proc', pid, file)).catch(() => Buffer.alloc(0))
      finder.search(`${file} of a process: ${bytes.toString('utf8').slice(0, 80)}`, bytes)
    }
  }
}

import { rm } from 'node:fs/promises'
import { createRedis } from '@sluice/database'
import {
  bootstrapDatabase,
  migrateService,
  passwordOf,
  randomPassword,
  SCHEMA_OWNERS,
  serviceDatabaseUrl,
  type StorePasswords,
} from '@sluice/database/bootstrap'
import { Client } from 'pg'
import type { Layout } from '../folder/layout.ts'
import { readIfThere, writeWholeFile } from '../folder/write-whole-file.ts'
import { readPasswords } from './passwords.ts'

export interface PrepareOptions {
  /** `postgres:5432` */
  postgres: string
  /** `redis:6379` */
  redis: string
}

export interface Prepared {
  /** Migrations that were applied, `<service> <name>`. */
  applied: string[]
  /** Password of the first account, until ng-core has made that account. */
  firstPassword: string | undefined
}

/**
 * Makes the database, its roles and schemas, and brings every schema up to date; gives Redis the current users.
 * @throws Error when the first job did not run, or a store can't be reached
 */
export async function prepareStores(layout: Layout, options: PrepareOptions): Promise<Prepared> {
  const passwords = await readPasswords(layout)
  if (passwords === undefined)
    throw new Error(`There is no "${layout.passwordsFile}". Run the job "issue" before "prepare".`)
  const superuserUrl = `postgresql://postgres:${passwords.postgres}@${options.postgres}/postgres`
  await bootstrapDatabase({ superuserUrl, passwords: passwords.database })
  const applied: string[] = []
  for (const { service } of SCHEMA_OWNERS) {
    const url = serviceDatabaseUrl({
      serverUrl: superuserUrl,
      service,
      password: passwordOf(passwords.database, service),
      database: 'sluice',
    })
    const done = await migrateService({ url, service })
    applied.push(...done.applied.map((name) => `${service} ${name}`))
  }
  await loadRedisUsers(passwords, options)
  return { applied, firstPassword: await firstPasswordOf(layout, passwords, options) }
}

/** Redis read its file when it started, which may have been before this version's file was written. */
async function loadRedisUsers(passwords: StorePasswords, { redis: address }: PrepareOptions): Promise<void> {
  let reason = ''
  const redis = createRedis({
    url: `redis://admin:${passwords.redisAdmin}@${address}`,
    onError: (error) => {
      reason = error.message
    },
  })
  try {
    await redis.acl('LOAD')
  } catch (cause) {
    throw new Error(`Redis at "${address}" did not take its users: ${reason || String(cause)}`, { cause })
  } finally {
    redis.disconnect()
  }
}

/** The first account's password while there is no account, for ng-core to read; then it is deleted: only its hash exists. */
async function firstPasswordOf(
  layout: Layout,
  passwords: StorePasswords,
  { postgres }: PrepareOptions,
): Promise<string | undefined> {
  const client = new Client({
    connectionString: serviceDatabaseUrl({
      serverUrl: `postgresql://${postgres}/sluice`,
      service: 'ng-core',
      password: passwordOf(passwords.database, 'ng-core'),
    }),
    connectionTimeoutMillis: 10_000,
  })
  await client.connect()
  try {
    const { rows } = await client.query<{ exists: boolean }>('select exists (select from account)')
    if (rows[0]?.exists === true) {
      await rm(layout.firstPasswordFile, { force: true })
      return undefined
    }
    const known = await readIfThere(layout.firstPasswordFile)
    if (known !== undefined) return known.trim()
    const password = randomPassword()
    await writeWholeFile(layout.firstPasswordFile, `${password}\n`, 0o600)
    return password
  } finally {
    await client.end()
  }
}

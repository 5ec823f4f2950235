import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cloneDatabase, type ClonedDatabase } from '@sluice/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrateService } from './migrate-service.ts'
import { prepareServices } from './prepare-services.ts'

let database: ClonedDatabase
let folder: string

beforeAll(async () => {
  database = await cloneDatabase(prepareServices([]))
  folder = await mkdtemp(join(tmpdir(), 'sluice-migrations-'))
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true })
})

async function writeMigration(service: string, name: string, sql: string): Promise<string> {
  await mkdir(join(folder, service, name), { recursive: true })
  await writeFile(join(folder, service, name, 'migration.sql'), sql)
  return join(folder, service)
}

async function query(url: string, text: string, values: unknown[] = []) {
  const client = new Client(url)
  await client.connect()
  try {
    return await client.query(text, values)
  } finally {
    await client.end()
  }
}

describe('migrations', () => {
  test('are applied once, by the owner, in its own schema', async () => {
    const migrations = await writeMigration(
      'scm',
      '20260101000000_init',
      'create table ref (account_id varchar(64), name text)',
    )
    const options = { url: database.url('scm-service'), service: 'scm-service' as const, folder: migrations }
    await expect(migrateService(options)).resolves.toEqual({ applied: ['20260101000000_init'] })
    await expect(migrateService(options)).resolves.toEqual({ applied: [] })
    const { rows } = await query(
      database.superuserUrl,
      `select schemaname, tableowner from pg_tables where tablename = 'ref'`,
    )
    expect(rows).toEqual([{ schemaname: 'scm', tableowner: 'sluice_scm_service' }])
  })

  test('may hold semicolons inside strings and function bodies', async () => {
    const migrations = await writeMigration(
      'log',
      '20260101000000_init',
      `create function stamp() returns text language plpgsql as $$ begin return 'a;b'; end $$; create table line (t text default 'x;y')`,
    )
    await migrateService({ url: database.url('log-service'), service: 'log-service', folder: migrations })
    const { rows } = await query(database.url('log-service'), 'select stamp() as stamp')
    expect(rows).toEqual([{ stamp: 'a;b' }])
  })

  test('that fail change nothing, name themselves and the reason, and can be corrected', async () => {
    const options = { url: database.url('dbdevops-service'), service: 'dbdevops-service' as const }
    const migrations = await writeMigration(
      'dbdevops',
      '20260101000000_init',
      'create table one (id int); create tabel two (id int)',
    )
    await expect(migrateService({ ...options, folder: migrations })).rejects.toThrow(
      /"20260101000000_init" of schema "dbdevops" failed and changed nothing: syntax error at or near "tabel"/,
    )
    const { rows } = await query(
      database.superuserUrl,
      `select 1 from pg_tables where schemaname = 'dbdevops' and tablename = 'one'`,
    )
    expect(rows).toEqual([])
    await writeMigration('dbdevops', '20260101000000_init', 'create table one (id int); create table two (id int)')
    await expect(migrateService({ ...options, folder: migrations })).resolves.toEqual({
      applied: ['20260101000000_init'],
    })
  })

  test('started by two replicas at once are applied once', async () => {
    const migrations = await writeMigration(
      'pipeline',
      '20260101000000_init',
      'create table execution (id text primary key)',
    )
    const options = { url: database.url('pipeline-service'), service: 'pipeline-service' as const, folder: migrations }
    const results = await Promise.all([migrateService(options), migrateService(options), migrateService(options)])
    expect(results.flatMap(({ applied }) => applied)).toEqual(['20260101000000_init'])
  })
})

describe('grants', () => {
  test('let listed senders insert the four columns of an inbox, and nothing more', async () => {
    const migrations = await writeMigration('ngm', '20260101000000_init', 'create table request (id text)')
    await migrateService({ url: database.url('ng-manager'), service: 'ng-manager', folder: migrations })
    const sender = database.url('delegate-service')
    await query(
      sender,
      `insert into ngm.inbox (account_id, id, kind, body) values ('a', '1', 'task.result', '{}') on conflict do nothing`,
    )
    await expect(query(sender, 'select * from ngm.inbox')).rejects.toThrow('permission denied')
    await expect(query(sender, `update ngm.inbox set processed_at = now()`)).rejects.toThrow('permission denied')
    await expect(query(sender, `delete from ngm.inbox`)).rejects.toThrow('permission denied')
    await expect(
      query(
        sender,
        `insert into ngm.inbox (account_id, id, kind, body, sender) values ('a', '2', 'k', '{}', 'sluice_ng_core')`,
      ),
    ).rejects.toThrow('permission denied')
    await expect(query(sender, 'select * from ngm.request')).rejects.toThrow('permission denied')
    await expect(
      query(
        database.url('log-service'),
        `insert into ngm.inbox (account_id, id, kind, body) values ('a', '3', 'k', '{}')`,
      ),
    ).rejects.toThrow('permission denied')
    const { rows } = await query(database.url('ng-manager'), 'select sender from inbox')
    expect(rows).toEqual([{ sender: 'sluice_delegate_service' }])
  })

  test('let listed readers select the named relations, and nobody else', async () => {
    const migrations = await writeMigration(
      'delegate',
      '20260101000000_init',
      'create table delegates (id text); create table delegate_load (id text); create table task_output (id text); create table task (id text)',
    )
    await migrateService({ url: database.url('delegate-service'), service: 'delegate-service', folder: migrations })
    await expect(query(database.url('ng-core'), 'select * from delegate.delegates')).resolves.toMatchObject({
      rows: [],
    })
    await expect(query(database.url('ng-manager'), 'select * from delegate.task_output')).resolves.toMatchObject({
      rows: [],
    })
    await expect(query(database.url('ng-manager'), 'select * from delegate.task')).rejects.toThrow('permission denied')
    await expect(query(database.url('ng-core'), 'delete from delegate.delegates')).rejects.toThrow('permission denied')
    await expect(query(database.url('pipeline-service'), 'select * from delegate.delegates')).rejects.toThrow(
      'permission denied',
    )
  })

  test('that crossings.ts does not list are taken away', async () => {
    await query(
      database.url('delegate-service'),
      'grant select on task to sluice_log_service; grant usage on schema delegate to sluice_log_service',
    )
    await migrateService({
      url: database.url('delegate-service'),
      service: 'delegate-service',
      folder: join(folder, 'delegate'),
    })
    await expect(query(database.url('log-service'), 'select * from delegate.task')).rejects.toThrow('permission denied')
  })

  test('give no service a right in the public schema or on databases of others', async () => {
    await expect(query(database.url('ng-core'), 'create table public.mine (id int)')).rejects.toThrow(
      'permission denied',
    )
    await expect(query(database.url('ng-core'), 'create schema mine')).rejects.toThrow('permission denied')
  })
})

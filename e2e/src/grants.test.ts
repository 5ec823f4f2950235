import { INBOX_SENDER_COLUMNS, inboxSenders, READ_GRANTS, type ReadGrant } from '@sluice/contracts/crossings'
import { SERVICE_NAMES, SERVICES, type ServiceName } from '@sluice/contracts/network'
import {
  CHANNELS,
  INBOX_NAMES,
  QUEUE_PREFIX,
  QUEUES,
  type ChannelSpec,
  type InboxName,
  type QueueName,
  type QueueSpec,
} from '@sluice/contracts/queues'
import { channelName, createRedis, ownKey } from '@sluice/database'
import { until } from '@sluice/testing'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectAs, type RoleSession } from './system/as-role.ts'
import { speakWith } from './system/as-service.ts'
import { system } from './system/system.ts'

interface Relation {
  schema: string
  name: string
  isView: boolean
  columns: string[]
}

const OWNERS = SERVICE_NAMES.filter((service) => SERVICES[service].schema !== undefined)
const readGrants: readonly ReadGrant[] = READ_GRANTS
const sessions = new Map<ServiceName, RoleSession>()
let superuser: RoleSession
let relations: Relation[]

beforeAll(async () => {
  superuser = await connectAs(system.postgresUrl)
  for (const service of OWNERS) sessions.set(service, await connectAs(system.databaseUrls[service] ?? ''))
  const { rows } = await superuser.client.query<Relation>(
    `select t.table_schema::text as schema, t.table_name::text as name, t.table_type <> 'BASE TABLE' as "isView",
            array_agg(c.column_name::text order by c.ordinal_position) as columns
       from information_schema.tables t join information_schema.columns c using (table_schema, table_name)
      where t.table_schema = any($1) group by 1, 2, 3 order by 1, 2`,
    [OWNERS.map((service) => SERVICES[service].schema)],
  )
  relations = rows
})

afterAll(async () => {
  await Promise.all([...sessions.values(), superuser].map((session) => session.end()))
})

function sessionOf(service: ServiceName): RoleSession {
  const session = sessions.get(service)
  if (session === undefined) throw new Error(`${service} has no role`)
  return session
}

const nameOf = ({ schema, name }: Relation) => `"${schema}"."${name}"`
const ownerOf = ({ schema }: Relation) => OWNERS.find((service) => SERVICES[service].schema === schema)
const isInbox = ({ schema, name }: Relation): InboxName | undefined =>
  name === 'inbox' ? INBOX_NAMES.find((inbox) => SERVICES[QUEUES[inbox].receiver].schema === schema) : undefined

function mayRead(service: ServiceName, relation: Relation): boolean {
  return readGrants.some(
    ({ owner, relation: name, readers }) =>
      SERVICES[owner].schema === relation.schema && name === relation.name && readers.includes(service),
  )
}

function maySend(service: ServiceName, relation: Relation): boolean {
  const inbox = isInbox(relation)
  return inbox !== undefined && inboxSenders(inbox).includes(service)
}

describe("a service's database role", () => {
  test('there is something to try', () => {
    expect(relations.filter((relation) => isInbox(relation) !== undefined)).toHaveLength(INBOX_NAMES.length)
    for (const { owner, relation } of readGrants) {
      expect(relations).toContainEqual(expect.objectContaining({ schema: SERVICES[owner].schema, name: relation }))
    }
  })

  test.each(OWNERS)('%s does everything in its own schema', async (service) => {
    const session = sessionOf(service)
    for (const relation of relations.filter((one) => ownerOf(one) === service)) {
      expect(await session.try(`select * from ${nameOf(relation)} limit 0`), nameOf(relation)).toBe('allowed')
      if (relation.isView) continue
      for (const sql of [
        `insert into ${nameOf(relation)} default values`,
        `update ${nameOf(relation)} set "${relation.columns[0]}" = default where false`,
        `delete from ${nameOf(relation)} where false`,
      ]) {
        expect(await session.try(sql), sql).toBe('allowed')
      }
    }
    expect(await session.try('create table scratch (id int)')).toBe('allowed')
  })

  test.each(OWNERS)('%s reads of others what is listed, and writes nothing', async (service) => {
    const session = sessionOf(service)
    const foreign = relations.filter((relation) => ownerOf(relation) !== service)
    const read: string[] = []
    for (const relation of foreign) {
      if ((await session.try(`select * from ${nameOf(relation)} limit 0`)) === 'allowed') read.push(nameOf(relation))
      // One column is already a leak.
      for (const column of relation.columns) {
        const { rows } = await superuser.client.query<{ has: boolean }>(
          `select has_column_privilege($1, $2, $3, 'select') as has`,
          [`sluice_${service.replaceAll('-', '_')}`, nameOf(relation), column],
        )
        expect(rows[0]?.has, `${nameOf(relation)}.${column}`).toBe(mayRead(service, relation))
      }
    }
    expect(read).toEqual(foreign.filter((relation) => mayRead(service, relation)).map((relation) => nameOf(relation)))

    const written: string[] = []
    for (const relation of foreign.filter(({ isView }) => !isView)) {
      for (const sql of [
        `update ${nameOf(relation)} set "${relation.columns[0]}" = default where false`,
        `delete from ${nameOf(relation)} where false`,
        `truncate ${nameOf(relation)}`,
        `insert into ${nameOf(relation)} default values`,
        `lock table ${nameOf(relation)} in access exclusive mode`,
        `create index on ${nameOf(relation)} ("${relation.columns[0]}")`,
        `alter table ${nameOf(relation)} add column x int`,
        `drop table ${nameOf(relation)}`,
      ]) {
        if ((await session.try(sql)) === 'allowed') written.push(sql)
      }
    }
    // `default values` writes no column by name, which is what a sender's right to four columns allows;
    // the columns that must be given stop it.
    expect(written).toEqual(
      foreign
        .filter((relation) => maySend(service, relation))
        .map((relation) => `insert into ${nameOf(relation)} default values`),
    )
  })

  test('no privilege of any kind is held beyond those two', async () => {
    const { rows } = await superuser.client.query<{ held: string }>(
      `select format('%s %s on %s.%s', r.rolname, a.privilege_type, n.nspname, c.relname) as held
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
              cross join lateral aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee
        where n.nspname = any($1) and a.grantee <> c.relowner order by 1`,
      [OWNERS.map((service) => SERVICES[service].schema)],
    )
    const granted = readGrants.flatMap(({ owner, relation, readers }) =>
      readers.map((reader) => `sluice_${reader.replaceAll('-', '_')} SELECT on ${SERVICES[owner].schema}.${relation}`),
    )
    expect(rows.map(({ held }) => held)).toEqual(granted.toSorted())
  })

  test.each(OWNERS)('%s writes four columns of the inboxes it sends to, and of no others', async (service) => {
    const session = sessionOf(service)
    for (const relation of relations.filter((one) => isInbox(one) !== undefined && ownerOf(one) !== service)) {
      const sends = maySend(service, relation)
      const values = `values ('acc', 'e2e-grants', 'e2e', '{}')`
      const insert = `insert into ${nameOf(relation)} (${INBOX_SENDER_COLUMNS.join(', ')}) ${values}`
      const tried = {
        plain: await session.try(insert),
        again: await session.try(`${insert} on conflict do nothing`),
        'read back': await session.try(`${insert} returning id`),
        overwrite: await session.try(`${insert} on conflict (account_id, id) do update set kind = 'other'`),
        look: await session.try(`select 1 from ${nameOf(relation)}`),
      }
      expect(tried, nameOf(relation)).toEqual({
        plain: sends ? 'allowed' : 'refused',
        again: sends ? 'allowed' : 'refused',
        'read back': 'refused',
        overwrite: 'refused',
        look: 'refused',
      })
      for (const column of relation.columns.filter((name) => !INBOX_SENDER_COLUMNS.some((sent) => sent === name))) {
        const forged = `insert into ${nameOf(relation)} (account_id, id, kind, body, ${column}) values ('acc', 'e2e-grants', 'e2e', '{}', default)`
        expect(await session.try(forged), `${nameOf(relation)}.${column}`).toBe('refused')
      }
    }
  })

  test('a message names the role that sent it', async () => {
    for (const inbox of INBOX_NAMES) {
      const table = `"${SERVICES[QUEUES[inbox].receiver].schema}".inbox`
      for (const sender of inboxSenders(inbox)) {
        const id = `e2e-sender-${sender}`
        await sessionOf(sender).client.query(
          `insert into ${table} (account_id, id, kind, body) values ('nobody', $1, 'e2e', '{}')`,
          [id],
        )
        const { rows } = await superuser.client.query(
          `delete from ${table} where account_id = 'nobody' and id = $1 returning sender`,
          [id],
        )
        expect(rows).toEqual([{ sender: `sluice_${sender.replaceAll('-', '_')}` }])
      }
    }
  })

  test.each(OWNERS)('%s can neither become another role nor leave the database', async (service) => {
    const session = sessionOf(service)
    const others = OWNERS.filter((other) => other !== service)
    for (const sql of [
      ...others.map((other) => `set role sluice_${other.replaceAll('-', '_')}`),
      'set role postgres',
      ...others.map((other) => `create table "${SERVICES[other].schema}".intruder (id int)`),
      'create table public.intruder (id int)',
      'create schema intruder',
      'create role intruder',
      'alter role current_user superuser',
      'select rolpassword from pg_authid',
      `select pg_read_file('postgresql.conf')`,
      `copy (select 1) to program 'true'`,
      `copy (select 1) to '/tmp/intruder'`,
      'set session_replication_role = replica',
      'create extension if not exists file_fdw',
      `select lo_import('/etc/hostname')`,
      'create temporary table intruder (id int)',
    ]) {
      expect(await session.try(sql), sql).toBe('refused')
    }
    // Can't be tried in a transaction.
    await expect(session.client.query(`alter system set log_statement = 'all'`)).rejects.toThrow('permission denied')
  })

  test("no role sees what another's sessions run", async () => {
    for (const service of OWNERS) {
      const { rows } = await sessionOf(service).client.query<{ usename: string; query: string }>(
        `select usename::text, query from pg_stat_activity where usename is not null and usename <> current_user`,
      )
      expect(rows.filter(({ query }) => query !== '<insufficient privilege>')).toEqual([])
    }
  })
})

describe("a service's Redis user", () => {
  const queues = Object.entries(QUEUES) as [QueueName, QueueSpec][]
  const channels = Object.entries(CHANNELS) as [keyof typeof CHANNELS, ChannelSpec][]
  const open: Redis[] = []

  function redisOf(user: ServiceName | 'admin'): Redis {
    const url = user === 'admin' ? system.redisAdminUrl : (system.redisUrls[user] ?? '')
    const redis = createRedis({ url, onError: () => undefined })
    open.push(redis)
    return redis
  }

  async function verdictOf(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => 'allowed',
      (error: unknown) =>
        /NOPERM|No permissions|user executing the script can't/.test(String(error)) ? 'refused' : String(error),
    )
  }

  async function addJob(user: ServiceName | 'admin', name: QueueName, data: unknown): Promise<string> {
    const { hostname, port, username, password } = new URL(
      user === 'admin' ? system.redisAdminUrl : (system.redisUrls[user] ?? ''),
    )
    const queue = new Queue(name, {
      prefix: QUEUE_PREFIX,
      connection: { host: hostname, port: Number(port), username, password, maxRetriesPerRequest: 1 },
      skipMetasUpdate: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    })
    queue.on('error', () => undefined)
    const verdict = await verdictOf(queue.add('wake', data))
    await queue.close()
    return verdict
  }

  afterAll(() => {
    for (const redis of open) redis.disconnect()
  })

  test.each(SERVICE_NAMES)(
    '%s adds jobs to the queues it produces to or receives, and to no other',
    async (service) => {
      const added = new Map<string, string>()
      for (const [name] of queues)
        added.set(name, await addJob(service, name, { v: 1, accountId: 'nobody', id: 'nothing' }))
      expect(Object.fromEntries(added)).toEqual(
        Object.fromEntries(
          queues.map(([name, { producers, receiver }]) => [
            name,
            producers.includes(service) || receiver === service ? 'allowed' : 'refused',
          ]),
        ),
      )
    },
  )

  test.each(SERVICE_NAMES)("%s touches no key of others' queues and none that others own", async (service) => {
    const redis = redisOf(service)
    const foreign = [
      ...queues
        .filter(([, { producers, receiver }]) => !producers.includes(service) && receiver !== service)
        .flatMap(([name]) => [`${QUEUE_PREFIX}:${name}:wait`, `${QUEUE_PREFIX}:${name}:meta`]),
      ...SERVICE_NAMES.filter((other) => other !== service).map((other) => ownKey(other, 'x')),
      'anything',
      `${QUEUE_PREFIX}:anything`,
    ]
    for (const key of foreign) {
      for (const command of [
        ['get', key],
        ['set', key, 'x'],
        ['del', key],
        ['lpush', key, 'x'],
        ['hset', key, 'x', 'x'],
        ['lrange', key, '0', '-1'],
        ['rename', key, ownKey(service, 'taken')],
        ['copy', key, ownKey(service, 'taken')],
        ['exists', key],
        ['type', key],
        ['eval', `return redis.call('type', '${key}')`, '0'],
      ] as const) {
        const [name, ...parameters] = command
        expect(await verdictOf(redis.call(name, ...parameters)), command.join(' ')).toBe('refused')
      }
    }
    expect(await verdictOf(redis.set(ownKey(service, 'e2e'), 'x', 'EX', 1))).toBe('allowed')
  })

  test.each(SERVICE_NAMES)('%s hears and says what the list of channels lets it', async (service) => {
    const redis = redisOf(service)
    const subscriber = redisOf(service)
    const publishes = channels.some(([, { publishers }]) => publishers.includes(service))
    for (const [name, { publishers, subscribers }] of channels) {
      const isListed = publishers.includes(service) || subscribers.includes(service)
      const channel = channelName(name, 'e2e')
      expect(await verdictOf(subscriber.subscribe(channel)), `subscribe ${name}`).toBe(isListed ? 'allowed' : 'refused')
      expect(await verdictOf(redis.publish(channel, 'x')), `publish ${name}`).toBe(
        isListed && publishes ? 'allowed' : 'refused',
      )
    }
    expect(await verdictOf(subscriber.subscribe('e2e'))).toBe('refused')
    expect(await verdictOf(subscriber.psubscribe('*'))).toBe('refused')
  })

  test.each(SERVICE_NAMES)('%s neither administers Redis nor looks around in it', async (service) => {
    const redis = redisOf(service)
    for (const command of [
      ['flushall'],
      ['flushdb'],
      ['keys', '*'],
      ['scan', '0'],
      ['randomkey'],
      ['config', 'get', '*'],
      ['config', 'set', 'maxmemory', '1'],
      ['acl', 'list'],
      ['acl', 'setuser', 'intruder', 'on'],
      ['monitor'],
      ['client', 'list'],
      ['client', 'kill', 'TYPE', 'normal'],
      ['shutdown', 'nosave'],
      ['replicaof', '127.0.0.1', '1'],
      ['save'],
      ['bgrewriteaof'],
      ['swapdb', '0', '1'],
      ['module', 'list'],
      ['migrate', '127.0.0.1', '1', 'x', '0', '1'],
      ['slowlog', 'get'],
    ] as const) {
      const [name, ...parameters] = command
      expect(await verdictOf(redis.call(name, ...parameters)), command.join(' ')).toBe('refused')
    }
  })

  test('without a password nobody gets in', async () => {
    const { hostname, port } = new URL(system.redisAdminUrl)
    const redis = new Redis({ host: hostname, port: Number(port), lazyConnect: true, retryStrategy: () => null })
    redis.on('error', () => undefined)
    open.push(redis)
    await expect(redis.connect().then(() => redis.get('x'))).rejects.toThrow()
  })

  test('a forged job wakes a reader that finds nothing', async () => {
    const counts = async () => {
      const { rows } = await superuser.client.query(
        `select (select count(*) from pipeline.execution) as executions, (select count(*) from pipeline.node_transition) as transitions,
                (select count(*) from delegate.task) as tasks, (select count(*) from ngm.request) as requests,
                (select count(*) from ng.inbox where id like 'forged%') as messages`,
      )
      return rows[0] as unknown
    }
    const before = await counts()
    const admin = redisOf('admin')
    const forged = [
      { v: 1, accountId: 'nobody', id: 'forged' },
      { v: 1, accountId: '', id: `'; drop schema pipeline cascade; --` },
      { v: 2, accountId: 'nobody', id: 'forged', kind: 'task.result', body: { status: 'SUCCESS' } },
      { id: { toString: 'x' } },
      'nonsense',
      null,
    ]
    for (const [name] of queues) {
      for (const data of forged) expect(await addJob('admin', name, data), name).toBe('allowed')
    }
    for (const [name] of queues) {
      await until(
        async () => {
          const [waiting, active, failed] = await Promise.all([
            admin.llen(`${QUEUE_PREFIX}:${name}:wait`),
            admin.llen(`${QUEUE_PREFIX}:${name}:active`),
            admin.zcard(`${QUEUE_PREFIX}:${name}:failed`),
          ])
          return waiting + active + failed === 0 ? true : undefined
        },
        { deadlineMs: 10_000, everyMs: 50, what: `every job of ${name} to be taken` },
      )
    }
    expect(await counts()).toEqual(before)
    const anybody = speakWith()
    for (const [name, url] of Object.entries(system.healthUrls)) {
      expect((await anybody.send(url, '/readyz')).status, name).toBe(200)
    }
    await anybody.close()
  })
})

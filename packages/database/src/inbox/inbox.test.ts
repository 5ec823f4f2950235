import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cloneDatabase, startTestRedis, until, type ClonedDatabase, type TestRedis } from '@sluice/testing'
import type { Pool, PoolClient } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { migrateService } from '../bootstrap/migrate-service.ts'
import { prepareServices } from '../bootstrap/prepare-services.ts'
import { createPool } from '../pool/create-pool.ts'
import { transactOn } from '../pool/transaction.ts'
import { createQueues, type Queues } from '../queues/create-queues.ts'
import type { Runner } from '../queues/create-worker.ts'
import { redisAcl } from '../redis/redis-acl.ts'
import { createInboxConsumer, type InboxConsumerOptions } from './create-inbox-consumer.ts'
import { sendMessage } from './send-message.ts'

const PASSWORDS = {
  gateway: 'p1',
  'ng-core': 'p2',
  'pipeline-service': 'p3',
  'ng-manager': 'p4',
  'dbdevops-service': 'p5',
  'scm-service': 'p6',
  'log-service': 'p7',
  'delegate-service': 'p8',
}

let database: ClonedDatabase
let redis: TestRedis
let receiver: Pool
let sender: Pool
let queues: Queues
const errors: Error[] = []
const running: Runner[] = []

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-inbox-'))
  await mkdir(join(folder, '20260101000000_init'))
  await writeFile(
    join(folder, '20260101000000_init', 'migration.sql'),
    'create table applied (account_id text, id text, body jsonb)',
  )
  database = await cloneDatabase(prepareServices([]))
  await migrateService({ url: database.url('pipeline-service'), service: 'pipeline-service', folder })
  await rm(folder, { recursive: true })
  redis = await startTestRedis({ acl: redisAcl({ passwords: PASSWORDS, adminPassword: 'admin' }) })
  receiver = createPool({ url: database.url('pipeline-service'), applicationName: 'receiver' })
  sender = createPool({ url: database.url('delegate-service'), applicationName: 'sender' })
  queues = createQueues({
    redis: redis.urlFor('delegate-service', PASSWORDS['delegate-service']),
    service: 'delegate-service',
    onError: (error) => errors.push(error),
  })
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((runner) => runner.stop()))
  errors.length = 0
  await receiver.query('truncate inbox, applied')
})
afterAll(async () => {
  await queues.close()
  await receiver.end()
  await sender.end()
  await redis.stop()
  await database.drop()
})

function consume(options: Partial<InboxConsumerOptions<PoolClient>> = {}): Runner {
  const consumer = createInboxConsumer<PoolClient>({
    redis: redis.urlFor('pipeline-service', PASSWORDS['pipeline-service']),
    pool: receiver,
    inbox: 'pipeline.inbox',
    transact: transactOn(receiver),
    handlers: {
      'task.result': async (message, tx) => {
        await tx.query('insert into applied values ($1, $2, $3)', [message.accountId, message.id, message.body])
      },
    },
    onError: (error) => errors.push(error),
    ...options,
  })
  running.push(consumer)
  return consumer
}

function send(id: string, accountId = 'acc', body: Record<string, unknown> = { n: 1 }): Promise<void> {
  return transactOn(sender)((tx) => sendMessage(tx, { to: 'pipeline.inbox', accountId, id, kind: 'task.result', body }))
}

async function applied(): Promise<unknown[]> {
  return (await receiver.query('select account_id, id, body from applied order by account_id, id')).rows
}

describe('a message', () => {
  test('wakes its receiver through Redis and is applied once, with its sender as the database saw it', async () => {
    const senders: string[] = []
    await consume({
      reconcileEveryMs: 3_600_000,
      handlers: {
        'task.result': async (message, tx) => {
          senders.push(message.sender)
          await tx.query('insert into applied values ($1, $2, $3)', [message.accountId, message.id, message.body])
        },
      },
    }).start()
    await until(async () => (await receiver.query('select 1')).rowCount, { what: 'the first pass' })
    await send('m1')
    await queues.wake('pipeline.inbox', { accountId: 'acc', id: 'm1' })
    await until(async () => (await applied()).length, { what: 'the message to be applied' })
    await send('m1')
    await queues.wake('pipeline.inbox', { accountId: 'acc', id: 'm1' })
    await queues.wake('pipeline.inbox', { accountId: 'acc', id: 'never-sent' })
    await until(async () => (await queues.depth('pipeline.inbox')) === 0, { what: 'the queue to be empty' })
    expect(await applied()).toEqual([{ account_id: 'acc', id: 'm1', body: { n: 1 } }])
    expect(senders).toEqual(['sluice_delegate_service'])
    expect(errors).toEqual([])
  })

  test('that nobody woke is found by the reconciler', async () => {
    await send('m1')
    await consume().start()
    await until(async () => (await applied()).length, { what: 'the message to be applied' })
  })

  test('with the same id in another account is another message', async () => {
    await send('m1', 'acc-1')
    await send('m1', 'acc-2')
    await consume().start()
    await until(async () => (await applied()).length === 2, { what: 'both messages to be applied' })
  })

  test('is applied once by two replicas', async () => {
    for (let n = 0; n < 40; n += 1) await send(`m${n}`)
    await Promise.all([consume().start(), consume().start()])
    await until(async () => (await receiver.query('select 1 from inbox where processed_at is null')).rowCount === 0, {
      what: 'all to be processed',
    })
    expect(await applied()).toHaveLength(40)
  })

  test('whose sender rolls back is never seen', async () => {
    const failing = transactOn(sender)(async (tx) => {
      await sendMessage(tx, { to: 'pipeline.inbox', accountId: 'acc', id: 'm1', kind: 'task.result', body: {} })
      throw new Error('the sender fails')
    })
    await expect(failing).rejects.toThrow('the sender fails')
    expect((await receiver.query('select 1 from inbox')).rowCount).toBe(0)
  })

  test('that fails is rolled back and tried again, and what follows runs after commit', async () => {
    let attempts = 0
    let followed = false
    await send('m1')
    await consume({
      maxAttempts: 1,
      handlers: {
        'task.result': async (message, tx) => {
          await tx.query('insert into applied values ($1, $2, $3)', [message.accountId, message.id, message.body])
          attempts += 1
          if (attempts < 3) throw new Error('not yet')
          return async () => {
            followed = (await applied()).length === 1
          }
        },
      },
    }).start()
    await until(() => followed, { what: 'the follow-up' })
    expect(attempts).toBe(3)
    const { rows } = await receiver.query('select attempts, last_error, processed_at is not null as done from inbox')
    expect(rows).toEqual([{ attempts: 2, last_error: 'not yet', done: true }])
  })

  test('that nobody understands is given up with its last error, and does not stop the others', async () => {
    await transactOn(sender)((tx) =>
      sendMessage(tx, { to: 'pipeline.inbox', accountId: 'acc', id: 'bad', kind: 'unheard.of', body: {} }),
    )
    await send('good')
    await consume({ maxAttempts: 2 }).start()
    await until(async () => (await receiver.query('select 1 from inbox where dead_at is not null')).rowCount, {
      what: 'the message to be given up',
    })
    const { rows } = await receiver.query(`select attempts, last_error from inbox where id = 'bad'`)
    expect(rows).toEqual([{ attempts: 2, last_error: 'Nothing handles messages of kind "unheard.of".' }])
    expect(await applied()).toHaveLength(1)
  })

  test('above 1 MiB is refused', async () => {
    await expect(send('big', 'acc', { text: 'x'.repeat(1024 * 1024) })).rejects.toMatchObject({
      code: 'BODY_TOO_LARGE',
    })
  })
})

describe('queues', () => {
  test('refuse a service that the table does not list as a producer', async () => {
    await expect(queues.wake('pipeline.wake', { accountId: 'acc', id: 'x' })).rejects.toThrow(
      '"delegate-service" may not add jobs to "pipeline.wake"',
    )
  })

  test('are closed to other users by Redis itself', async () => {
    const forged: Error[] = []
    const intruder = createQueues({
      redis: redis.urlFor('scm-service', PASSWORDS['scm-service']),
      // What the process claims does not matter: Redis knows the user.
      service: 'delegate-service',
      onError: (error) => forged.push(error),
    })
    await intruder.wake('pipeline.inbox', { accountId: 'acc', id: 'x' })
    await intruder.close()
    expect(forged.map((error) => String(error.cause))).toContainEqual(expect.stringContaining('NOPERM'))
  })

  test('do not hold up the sender when Redis is away', async () => {
    const reported: Error[] = []
    const away = createQueues({
      redis: 'redis://127.0.0.1:1',
      service: 'delegate-service',
      onError: (error) => reported.push(error),
    })
    const before = Date.now()
    await away.wake('pipeline.inbox', { accountId: 'acc', id: 'x' })
    expect(Date.now() - before).toBeLessThan(3_000)
    expect(reported).not.toEqual([])
    await away.close()
  })
})

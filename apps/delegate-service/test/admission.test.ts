import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  closeCodeOf,
  decodeServerFrame,
  encodeDelegateFrame,
  EnrolmentResponse,
  generateDelegateKeys,
  signHello,
  WS_PATH,
  type DelegateMessage,
  type ServerFrame,
} from '@sluice/delegate-protocol'
import { until } from '@sluice/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openSecrets } from '../src/modules/secret/open-secrets.ts'
import {
  makeSecret,
  makeToken,
  newAccountId,
  revokeToken,
  startWorld,
  cancel,
  submit,
  type Replica,
  type World,
} from './start-delegate-service.ts'
import { enrol, joinDelegate, runDelegate, type Enrolled, type TestDelegate } from './test-delegate.ts'

let world: World
let replica: Replica
let accountId: string
const delegates: TestDelegate[] = []
const sockets: WebSocket[] = []

beforeAll(async () => {
  world = await startWorld()
  replica = await world.start()
})
afterAll(() => world?.stop())
beforeEach(() => {
  accountId = newAccountId()
})
afterEach(() => {
  for (const delegate of delegates.splice(0)) delegate.drain()
  for (const socket of sockets.splice(0)) socket.terminate()
})

async function join(options: Parameters<typeof joinDelegate>[2]): Promise<TestDelegate> {
  const delegate = await joinDelegate(world, replica.url, options)
  delegates.push(delegate)
  return delegate
}

async function enrolled(token: string): Promise<Enrolled> {
  const { body, keys } = await enrol(world, replica.url, { token })
  return { accountId, delegateId: EnrolmentResponse.parse(body).delegateId, keys }
}

/** A socket that speaks frames and nothing else. */
function open(url = replica.url) {
  const socket = new WebSocket(`${url.replace('https', 'wss')}${WS_PATH}`, { ca: world.caPem })
  sockets.push(socket)
  const frames: ServerFrame[] = []
  socket.on('message', (data: Buffer) => {
    const decoded = decodeServerFrame(data.toString('utf8'))
    if (decoded.ok) frames.push(decoded.frame)
  })
  return {
    socket,
    closed: once(socket, 'close').then(([code]) => closeCodeOf(Number(code)).code),
    send: (message: DelegateMessage) => socket.send(encodeDelegateFrame(message, randomUUID())),
    next: <Kind extends ServerFrame['kind']>(kind: Kind) =>
      until(() => frames.find((frame): frame is Extract<ServerFrame, { kind: Kind }> => frame.kind === kind), {
        what: `a frame "${kind}"`,
      }),
  }
}

/** Waits until delegate-service itself waits for a row of the table. */
function waitsForRow(table: 'task' | 'delegates'): Promise<unknown> {
  const sql = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and query like $1`
  return until(async () => (await replica.deps.pool.query(sql, [`%from ${table}%for update%`])).rowCount, {
    what: `a transaction to wait for a row of ${table}`,
  })
}

async function hello(
  connection: ReturnType<typeof open>,
  who: Enrolled,
  change: { nonce?: string; running?: string[]; protocolVersion?: number } = {},
): Promise<void> {
  const { body } = await connection.next('challenge')
  const { delegateId, keys } = who
  const nonce = change.nonce ?? body.nonce
  const token = await signHello({ accountId: who.accountId, delegateId, keys, nonce, serverTimeMs: body.serverTimeMs })
  connection.send({
    kind: 'hello',
    body: {
      accountId: who.accountId,
      delegateId,
      token,
      protocolVersion: change.protocolVersion ?? 1,
      delegateVersion: '0.1.0',
      journalId: 'jnl-1',
      capabilities: ['runtime:process'],
      capacity: 4,
      running: change.running ?? [],
      results: [],
    },
  })
}

describe('enrolling', () => {
  test('with a token that asks for approval lets nobody in', async () => {
    const { token } = await makeToken(world, accountId, { requiresApproval: true })
    const connection = open()
    await hello(connection, await enrolled(token))

    expect(await connection.closed).toBe(4423)
  })
})

describe('the handshake', () => {
  let token: string
  let tokenId: string
  let who: Enrolled
  beforeEach(async () => {
    ;({ token, tokenId } = await makeToken(world, accountId))
    who = await enrolled(token)
  })

  test('welcomes the enrolled key with the nonce of this connection', async () => {
    const connection = open()
    await hello(connection, who, { running: ['tsk-gone'] })

    const { body } = await connection.next('welcome')
    expect(body).toMatchObject({ delegateId: who.delegateId, leaseMs: 2_000, heartbeatIntervalMs: 200 })
    expect(body.tasksToStop.map(({ taskId }) => taskId)).toEqual(['tsk-gone'])
  })

  test.each([
    [
      'another nonce',
      async (connection: ReturnType<typeof open>) => hello(connection, who, { nonce: 'A'.repeat(32) }),
      4401,
    ],
    [
      'another identity key',
      async (connection: ReturnType<typeof open>) => hello(connection, { ...who, keys: generateDelegateKeys() }),
      4401,
    ],
    [
      'another sealing key',
      async (connection: ReturnType<typeof open>) =>
        hello(connection, { ...who, keys: { ...who.keys, sealing: generateDelegateKeys().sealing } }),
      4401,
    ],
    [
      'an unknown delegate',
      async (connection: ReturnType<typeof open>) => hello(connection, { ...who, delegateId: 'dlg-x' }),
      4404,
    ],
    [
      'the same id in another account',
      async (connection: ReturnType<typeof open>) => hello(connection, { ...who, accountId: newAccountId() }),
      4404,
    ],
    [
      'another version',
      async (connection: ReturnType<typeof open>) => hello(connection, who, { protocolVersion: 2 }),
      4426,
    ],
    [
      'a frame that is not one',
      async (connection: ReturnType<typeof open>) => {
        await connection.next('challenge')
        connection.socket.send('{"v":1')
      },
      4400,
    ],
    [
      'work before hello',
      async (connection: ReturnType<typeof open>) => {
        await connection.next('challenge')
        connection.send({
          kind: 'secret.open',
          body: { requestId: 'r', taskId: 't', secrets: [{ secretId: 's', version: 1 }] },
        })
      },
      4400,
    ],
  ])('refuses %s', async (_what, act, code) => {
    const connection = open()
    await act(connection)

    expect(await connection.closed).toBe(code)
    const { rows } = await world.admin.query('select 1 from delegate.delegates where account_id = $1 and connected', [
      accountId,
    ])
    expect(rows).toEqual([])
  })

  test('an attempt to speak for a delegate does not disturb its own connection', async () => {
    const delegate = await runDelegate(world, { enrolled: who, url: replica.url })
    delegates.push(delegate)
    await delegate.connected()
    const connection = open()
    await hello(connection, { ...who, keys: generateDelegateKeys() })
    await connection.closed
    const task = await submit(world, accountId)

    await delegate.running(task.taskId)
  })

  test('a newer connection of the same delegate replaces the older', async () => {
    const older = open()
    await hello(older, who)
    await older.next('welcome')
    const newer = open()
    await hello(newer, who)
    await newer.next('welcome')

    expect(await older.closed).toBe(4409)
  })

  test('a grant that is under way while the delegate connects anew is given back, not lost', async () => {
    // These sockets say nothing by themselves and must not count as silent meanwhile.
    const patient = { protocol: { missedHeartbeats: 100 } }
    const first = await world.start(patient, { socketsOnly: true })
    const other = await world.start(patient, { socketsOnly: true })
    const older = open(first.url)
    await hello(older, who)
    await older.next('welcome')
    await until(
      async () =>
        (await world.admin.query('select 1 from delegate.delegates where account_id = $1 and connected', [accountId]))
          .rowCount,
      { what: 'the delegate to be connected' },
    )
    const task = await submit(world, accountId)
    const { body } = await older.next('task.offer')
    // The older connection never hears that it is superseded: its replica is out of reach.
    await world.admin.query(`update delegate.delegates set replica_id = 'rep-gone' where account_id = $1`, [accountId])
    // The grant waits for the task's row, after it has seen that the older connection is the current one.
    await world.admin.query('begin')
    await world.admin.query('select 1 from delegate.task where account_id = $1 for update', [accountId])
    older.send({ kind: 'task.accept', body: { taskId: task.taskId, offerId: body.offerId } })
    const newer = open(other.url)
    try {
      await waitsForRow('task')
      await hello(newer, who)
      await waitsForRow('delegates')
    } finally {
      await world.admin.query('commit')
    }

    expect((await newer.next('task.offer')).body.task.taskId).toBe(task.taskId)
    await Promise.all([first.stop(), other.stop()])
    await cancel(world, task)
  })

  test('a silent delegate is disconnected', async () => {
    const connection = open()
    await hello(connection, who)
    await connection.next('welcome')

    expect(await connection.closed).toBe(4410)
  })

  test('nobody waits for a hello for ever', async () => {
    const quick = await world.start({ protocol: { handshakeWithinMs: 50 } })
    const socket = new WebSocket(`${quick.url.replace('https', 'wss')}${WS_PATH}`, { ca: world.caPem })
    const [code] = await once(socket, 'close')

    expect(code).toBe(4408)
    await quick.stop()
  })

  test('revoking the token ends its connections at once and for good', async () => {
    const delegate = await runDelegate(world, { enrolled: who, url: replica.url })
    delegates.push(delegate)
    const other = await join({ token: (await makeToken(world, accountId)).token })
    await delegate.connected()
    await revokeToken(world, accountId, tokenId)

    expect(await delegate.stopped).toMatchObject({ final: true, closeCode: 4403 })
    expect(other.loop.isConnected).toBe(true)
    const again = open()
    await hello(again, who)
    expect(await again.closed).toBe(4403)
  })

  test('a revocation whose message got lost is noticed all the same', async () => {
    const delegate = await runDelegate(world, { enrolled: who, url: replica.url })
    delegates.push(delegate)
    await delegate.connected()
    await revokeToken(world, accountId, tokenId, false)

    expect(await delegate.stopped).toMatchObject({ final: true, closeCode: 4403 })
  })
})

describe('secrets', () => {
  test('of the task are sealed to the delegate that holds it, and audited', async () => {
    const secretId = await makeSecret(world, accountId, 'pa55word!')
    const delegate = await join({ token: (await makeToken(world, accountId)).token })
    const secrets = [{ name: 'database.password', secretId, version: 1 }]
    const task = await submit(world, accountId, { secrets })
    await delegate.running(task.taskId)

    expect(await delegate.secrets.open(task.taskId, secrets)).toEqual({ 'database.password': 'pa55word!' })
    expect(await auditOf(secretId)).toEqual([{ action: 'OPEN', principal: 'usr-1', delegate: 'local' }])
  })

  test('that the task does not name stay closed, which is audited too', async () => {
    const secretId = await makeSecret(world, accountId, 'pa55word!')
    const delegate = await join({ token: (await makeToken(world, accountId)).token })
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)

    const opening = delegate.secrets.open(task.taskId, [{ name: 'x', secretId, version: 1 }])
    await expect(opening).rejects.toMatchObject({ code: 'SECRET_NOT_OPENED' })
    expect(await auditOf(secretId)).toEqual([{ action: 'DENIED', principal: 'usr-1', delegate: 'local' }])
  })

  test('stay closed where the stored task is not the one that was signed, which is audited too', async () => {
    const secretId = await makeSecret(world, accountId, 'pa55word!')
    const delegate = await join({ token: (await makeToken(world, accountId)).token })
    const task = await submit(world, accountId)
    await delegate.running(task.taskId)
    const secrets = [{ name: 'x', secretId, version: 1 }]
    await world.admin.query(
      `update delegate.task set submission = jsonb_set(submission, '{secrets}', $3) where account_id = $1 and id = $2`,
      [accountId, task.taskId, JSON.stringify(secrets)],
    )

    await expect(delegate.secrets.open(task.taskId, secrets)).rejects.toMatchObject({ code: 'SECRET_NOT_OPENED' })
    expect(await auditOf(secretId)).toEqual([{ action: 'DENIED', principal: 'usr-1', delegate: 'local' }])
  })

  test('of another delegate’s task, of a finished task and of another version stay closed', async () => {
    const secretId = await makeSecret(world, accountId, 'pa55word!')
    const { token } = await makeToken(world, accountId)
    const holder = await join({ token, name: 'holder' })
    const other = await join({ token, name: 'other' })
    const secrets = [{ name: 'x', secretId, version: 1 }]
    const task = await submit(world, accountId, { secrets, selectors: [{ selector: 'holder', origin: 'step' }] })
    await holder.running(task.taskId)
    const refused = { code: 'SECRET_NOT_OPENED' }

    await expect(other.secrets.open(task.taskId, secrets)).rejects.toMatchObject(refused)
    // Also where a connection believed that it holds the task: the row decides.
    const { delegateId } = other.enrolled
    const wanted = { accountId, delegateId, taskId: task.taskId, secrets: [{ secretId, version: 1 }] }
    await expect(openSecrets(replica.deps, wanted)).rejects.toMatchObject(refused)
    await expect(holder.secrets.open(task.taskId, [{ name: 'x', secretId, version: 2 }])).rejects.toMatchObject(refused)
    await holder.finish(task.taskId)
    await until(() => JSON.stringify(holder.loop.snapshot()['tasks']) === '[]', { what: 'the task to be closed' })
    await expect(holder.secrets.open(task.taskId, secrets)).rejects.toMatchObject(refused)
    expect(await auditOf(secretId)).toEqual([{ action: 'DENIED', principal: 'usr-1', delegate: 'holder' }])
  })

  test('that were deleted meanwhile are named in the sentence', async () => {
    const delegate = await join({ token: (await makeToken(world, accountId)).token })
    const secrets = [{ name: 'x', secretId: 'sec-gone', version: 1 }]
    const task = await submit(world, accountId, { secrets })
    await delegate.running(task.taskId)

    await expect(delegate.secrets.open(task.taskId, secrets)).rejects.toThrow(/"sec-gone" is gone/)
  })

  async function auditOf(secretId: string): Promise<unknown[]> {
    const { rows } = await world.admin.query(
      `select body->>'action' as action, body->'principal'->>'id' as principal, body->'after'->>'delegateName' as delegate
         from ng.inbox where account_id = $1 and body->'resource'->>'identifier' = $2 order by created_at`,
      [accountId, secretId],
    )
    return rows
  }
})

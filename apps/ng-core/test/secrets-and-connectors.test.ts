import { createPool, sendMessage, transactOn } from '@sluice/database'
import { decryptSecret, EncryptedRecord } from '@sluice/secrets'
import { verifyTaskSignature } from '@sluice/service-kit'
import { until } from '@sluice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SubmitTask } from '@sluice/contracts/tasks'
import { expireConnectionTests } from '../src/modules/connection-test/expire-connection-tests.ts'
import { jdbc, PROJECT, secret } from './samples.ts'
import { startNgCore, type TestNgCore } from './start-ng-core.ts'

let core: TestNgCore
let admin: string
beforeAll(async () => {
  core = await startNgCore()
  admin = await core.tokenOf('admin@first.test')
})
afterAll(() => core?.stop())

const post = (path: string, body: object, query?: Record<string, string>, token = admin) =>
  core.call('POST', path, { token, body, query })
const put = (path: string, body: object, query?: Record<string, string>, token = admin) =>
  core.call('PUT', path, { token, body, query })
const get = (path: string, query?: Record<string, string>, token = admin) => core.call('GET', path, { token, query })
const remove = (path: string, query?: Record<string, string>, token = admin) =>
  core.call('DELETE', path, { token, query })

describe('secrets', () => {
  test('a value is stored sealed, never told, and opens with the key file only', async () => {
    const created = await post('/ng/api/v2/secrets', secret('canary', 'canary-value-4711'))
    expect(created.status).toBe(200)
    expect(created.data).toMatchObject({ secretVersion: 1, secret: { spec: { connectorsOnly: true } } })
    for (const answer of [
      created,
      await get('/ng/api/v2/secrets/canary', PROJECT),
      await post('/ng/api/v2/secrets/list', {}, PROJECT),
      await post('/ng/api/audits/list', {}),
    ]) {
      expect(answer.status).toBe(200)
      expect(answer.text).not.toContain('canary-value-4711')
    }
    const { rows } = await core.deps.pool.query(
      `select account_id, secret_id, version, scope, key_id as "keyId", wrapped_data_key as "wrappedDataKey", iv, ciphertext, tag
         from secret_records r where secret_id = (select id from secret where identifier = 'canary')`,
    )
    const [row] = z.array(z.looseObject({ secret_id: z.string(), scope: z.string(), version: z.number() })).parse(rows)
    expect(JSON.stringify(row)).not.toContain('canary-value')
    const { accountId } = core.first
    expect(row?.scope).toBe(`${accountId}/default/default_project`)
    const address = { accountId, scope: row?.scope ?? '', id: row?.secret_id ?? '', version: 1 }
    expect(await decryptSecret(core.deps.keys, address, EncryptedRecord.parse(row))).toBe('canary-value-4711')
  })

  test('a new value is a new version, the old one is kept, and a stale writer is refused', async () => {
    await post('/ng/api/v2/secrets', secret('rolling', 'first value'))
    const updated = await put('/ng/api/v2/secrets/rolling', { ...secret('rolling', 'second value'), version: 1 })
    expect(updated.data).toMatchObject({ secretVersion: 2, version: 2 })
    const stale = await put('/ng/api/v2/secrets/rolling', { ...secret('rolling', 'third value'), version: 1 })
    expect(stale.code).toBe('VERSION_CONFLICT')
    const renamed = secret('rolling', '')
    Reflect.deleteProperty(renamed.secret.spec, 'value')
    expect((await put('/ng/api/v2/secrets/rolling', renamed)).data).toMatchObject({ secretVersion: 2, version: 3 })
    const kept = await core.deps.pool.query(
      `select count(*)::int as n from secret_version v join secret s on s.id = v.secret_id where s.identifier = 'rolling'`,
    )
    expect(kept.rows[0]).toEqual({ n: 2 })
  })

  test('what could not be masked or is not built is refused by name', async () => {
    const short = await post('/ng/api/v2/secrets', secret('short', 'abc'))
    expect(short.code).toBe('SECRET_TOO_SHORT')
    expect(short.text).not.toContain('abc"')
    const vault = secret('x', 'long enough')
    vault.secret.spec.secretManagerIdentifier = 'vault'
    expect((await post('/ng/api/v2/secrets', vault)).message).toMatch(/not built yet/)
    expect((await post('/ng/api/v2/secrets', secret('x', 'long enough', { type: 'SSHKey' }))).code).toBe(
      'INVALID_REQUEST',
    )
  })

  test('one that a connector uses is not deleted, and says which', async () => {
    await post('/ng/api/v2/secrets', secret('used', 'some value'))
    await post('/ng/api/connectors', jdbc('user_of_secret', 'used'))
    const refused = await remove('/ng/api/v2/secrets/used', PROJECT)
    expect(refused.code).toBe('ENTITY_IN_USE')
    expect(refused.message).toContain('"user_of_secret"')

    await remove('/ng/api/connectors/user_of_secret', PROJECT)
    expect((await remove('/ng/api/v2/secrets/used', PROJECT)).status).toBe(200)
    expect((await get('/ng/api/v2/secrets/used', PROJECT)).status).toBe(404)
  })
})

describe('connectors', () => {
  test('a credential in the URL is refused and named', async () => {
    for (const [url, named] of [
      ['jdbc:postgresql://db/x?user=a&password=topsecret', 'user'],
      ['jdbc:postgresql://db/x?ssl=true&Password=topsecret', 'Password'],
      ['jdbc:sqlserver://db:1433;databaseName=x;password=topsecret', 'password'],
      ['jdbc:mysql://root:topsecret@db/x', 'user info'],
      ['jdbc:postgresql://db/x?pass%77ord=topsecret', 'password'],
    ]) {
      const refused = await post('/ng/api/connectors', jdbc('leaky', 'account.x', { url }))
      expect(refused.code, url).toBe('INVALID_REQUEST')
      expect(refused.message).toContain(named)
      expect(refused.text).not.toContain('topsecret')
    }
  })

  test('a reference to no secret is refused, upward references are found', async () => {
    const missing = await post('/ng/api/connectors', jdbc('dangling', 'account.nowhere'))
    expect(missing.code).toBe('REFERENCE_NOT_FOUND')
    expect(missing.message).toContain('"account.nowhere"')
    await post(
      '/ng/api/v2/secrets',
      secret('shared', 'shared value', { orgIdentifier: undefined, projectIdentifier: undefined }),
    )
    expect((await post('/ng/api/connectors', jdbc('upward', 'account.shared'))).status).toBe(200)
    expect((await post('/ng/api/connectors', jdbc('upward', 'account.shared'))).code).toBe('DUPLICATE_IDENTIFIER')
  })

  test('who may not use a secret can not point a connector at it', async () => {
    const editor = await core.tokenWithRole(admin, 'editor@first.test', [{ role: 'editor', ...PROJECT }])

    const refused = await post('/ng/api/connectors', jdbc('borrowed', 'account.shared'), {}, editor)
    expect(refused.code).toBe('ACCESS_DENIED')
    expect(refused.message).toContain('core_secret_access')
  })

  test('git connectors speak https without credentials in the URL', async () => {
    const git = (url: string) => ({
      connector: {
        identifier: 'git',
        name: 'git',
        type: 'Github',
        ...PROJECT,
        spec: { url, type: 'Repo', authentication: { type: 'Anonymous' } },
      },
    })
    expect((await post('/ng/api/connectors', git('http://git.test/x'))).code).toBe('INVALID_REQUEST')
    expect((await post('/ng/api/connectors', git('file:///etc/passwd'))).code).toBe('INVALID_REQUEST')
    expect((await post('/ng/api/connectors', git('https://bot:pw@git.test/x'))).message).toContain('tokenRef')
    expect((await post('/ng/api/connectors', git('https://git.test/x.git'))).status).toBe(200)
  })

  test('an update replaces, keeps the type and forgets what a test found', async () => {
    await post('/ng/api/v2/secrets', secret('pw_a', 'some value'))
    await post('/ng/api/connectors', jdbc('changing', 'pw_a'))
    await core.deps.pool.query(`update connector set status = 'SUCCESS' where identifier = 'changing'`)
    const changed = await put('/ng/api/connectors', { ...jdbc('changing', 'account.shared'), version: 1 })
    expect(changed.data).toMatchObject({ version: 2, status: { status: 'UNKNOWN' } })
    expect((await put('/ng/api/connectors', { ...jdbc('changing', 'pw_a'), version: 1 })).code).toBe('VERSION_CONFLICT')
    expect((await remove('/ng/api/v2/secrets/pw_a', PROJECT)).status).toBe(200)
    const listed = await post('/ng/api/connectors/listV2', { types: ['JDBC'], searchTerm: 'chang' }, PROJECT)
    expect(listed.data).toMatchObject({ totalItems: 1 })
  })
})

describe('connection tests', () => {
  const Started = z.object({ testId: z.string(), status: z.string() })
  const start = async (waitSeconds: string) =>
    post('/ng/api/connectors/testConnection/tested', {}, { ...PROJECT, waitSeconds })

  /** Plays delegate-service: with its own database role. */
  const sendEvent = async (role: 'delegate-service' | 'log-service', taskId: string, kind: string, body: object) => {
    const pool = createPool({ url: core.database.url(role), applicationName: 'test', max: 1 })
    const accountId = core.first.accountId
    await transactOn(pool)((tx) =>
      sendMessage(tx, {
        to: 'ng.inbox',
        accountId,
        id: `${taskId}.${kind}`,
        kind,
        body: { kind, taskId, attemptId: taskId, ...body },
      }),
    )
    await pool.end()
    await core.deps.queues.wake('ng.inbox', { accountId, id: `${taskId}.${kind}` })
  }
  const finished = (result: object) => ({
    taskKind: 'connection.test',
    delegateId: 'dlg-1',
    delegateName: 'stg-1',
    large: [],
    finishedAt: Date.now(),
    result,
  })
  beforeAll(async () => {
    await post('/ng/api/v2/secrets', secret('tested_pw', 'some value'))
    await post('/ng/api/connectors', jdbc('tested', 'tested_pw'))
  })

  test('is for those who may use the secret, because it makes a delegate open it', async () => {
    await post(
      '/ng/api/v2/secrets',
      secret('tested_above', 'value', { orgIdentifier: undefined, projectIdentifier: undefined }),
    )
    await post('/ng/api/connectors', jdbc('tested_upward', 'account.tested_above'))
    const editor = await core.tokenWithRole(admin, 'tester@first.test', [{ role: 'editor', ...PROJECT }])

    const refused = await post(
      '/ng/api/connectors/testConnection/tested_upward',
      {},
      { ...PROJECT, waitSeconds: '0' },
      editor,
    )
    expect(refused.code).toBe('ACCESS_DENIED')
    expect(refused.message).toContain('core_secret_access')
    const allowed = await post('/ng/api/connectors/testConnection/tested', {}, { ...PROJECT, waitSeconds: '0' }, editor)
    expect(allowed.status).toBe(200)
  })

  test('becomes a signed delegate task that carries a reference instead of the password', async () => {
    const { testId } = Started.parse((await start('0')).data)
    const superuser = createPool({ url: core.database.superuserUrl, applicationName: 'test', max: 1 })
    const { rows } = await superuser.query(`select body from delegate.inbox where id = $1`, [
      `${testId}.connection.test`,
    ])
    await superuser.end()
    const task = SubmitTask.parse(z.array(z.object({ body: z.unknown() })).parse(rows)[0]?.body)

    expect(task).toMatchObject({
      replyTo: 'ng.inbox',
      selectors: [{ selector: 'stg', origin: 'connector' }],
      task: {
        kind: 'connection.test',
        parameters: { target: 'database', database: { username: 'deployer', passwordSecret: 'connection.password' } },
      },
      secrets: [{ name: 'connection.password', version: 1 }],
    })
    await expect(verifyTaskSignature(core.deps.identity, task)).resolves.toBeUndefined()
  })

  test('who waits gets the result the moment it arrives, and the connector keeps it', async () => {
    await core.deps.pool.query(`delete from connection_test`)
    const waiting = start('30')
    const testId = await until(
      async () => {
        const { rows } = await core.deps.pool.query(
          `select id from connection_test where status = 'RUNNING' order by created_at desc`,
        )
        return z.array(z.object({ id: z.string() })).parse(rows)[0]?.id
      },
      { what: 'the test to be stored' },
    )
    await sendEvent('delegate-service', testId, 'task.assigned', { delegateId: 'dlg-1', delegateName: 'stg-1' })
    const phases = [{ phase: 'tcp', ok: true, durationMs: 2 }]
    const began = Date.now()
    await sendEvent('delegate-service', testId, 'task.finished', finished({ outcome: 'succeeded', data: { phases } }))

    const answer = await waiting
    expect(Date.now() - began).toBeLessThan(10_000)
    expect(answer.data).toMatchObject({ testId, status: 'SUCCESS', delegateName: 'stg-1', phases })
    const connector = await get('/ng/api/connectors/tested', PROJECT)
    expect(connector.data).toMatchObject({ status: { status: 'SUCCESS' } })
  })

  test('a failure is told with its sentence', async () => {
    const { testId } = Started.parse((await start('0')).data)
    const failure = {
      code: 'DATABASE_AUTHENTICATION_FAILED',
      message: 'The password of "deployer" is wrong.',
      failureTypes: ['Authentication'],
    }
    await sendEvent('delegate-service', testId, 'task.finished', finished({ outcome: 'failed', failure }))

    const answer = await get(`/ng/api/connectors/testConnection/${testId}`, PROJECT)
    expect(answer.data).toMatchObject({ status: 'FAILURE', error: { message: failure.message } })
    const connector = await get('/ng/api/connectors/tested', PROJECT)
    expect(connector.data).toMatchObject({ status: { status: 'FAILURE', errorSummary: failure.message } })
  })

  test('only delegate-service can tell a result', async () => {
    const { testId } = Started.parse((await start('0')).data)
    await sendEvent('log-service', testId, 'task.finished', finished({ outcome: 'succeeded' }))
    await until(
      async () => {
        const { rows } = await core.deps.pool.query('select last_error from inbox where id = $1', [
          `${testId}.task.finished`,
        ])
        return String(rows[0]?.last_error).includes('only delegate-service')
      },
      { what: 'the message to be refused' },
    )

    const answer = await get(`/ng/api/connectors/testConnection/${testId}`, { ...PROJECT, waitSeconds: '0' })
    expect(answer.data).toMatchObject({ status: 'RUNNING' })
  })

  test('nothing stays running: an overdue test fails by name', async () => {
    const { testId } = Started.parse((await start('0')).data)
    await core.deps.pool.query(`update connection_test set deadline = now() - interval '1 second' where id = $1`, [
      testId,
    ])
    const waiting = get(`/ng/api/connectors/testConnection/${testId}`, { ...PROJECT, waitSeconds: '20' })
    await expireConnectionTests(core.deps, new AbortController().signal)

    expect((await waiting).data).toMatchObject({ status: 'FAILURE', error: { code: 'TASK_TIMED_OUT' } })
  })
})

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { makeTestCa, postgresOfRun, type TestCa } from '@sluice/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  connect,
  DatabaseError,
  readJdbcUrl,
  readPrivileges,
  type ConnectOptions,
  type ConnectPhase,
  type Driver,
} from '../src/index.ts'

let server: URL
let database: string
const opened: Driver[] = []

beforeAll(async () => {
  server = new URL(await postgresOfRun())
  database = `drivers_${randomBytes(6).toString('hex')}`
  await onServer(`create database ${database}`)
})
afterAll(async () => {
  await Promise.all(opened.map(async (driver) => driver.close()))
  await onServer(`drop database ${database} with (force)`)
})

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.href })
  await client.connect()
  await client.query(sql)
  await client.end()
}

async function open(options: Partial<ConnectOptions> = {}, query = '', host = server.host): Promise<Driver> {
  const driver = await connect(readJdbcUrl(`jdbc:postgresql://${host}/${database}${query}`), {
    user: decodeURIComponent(server.username),
    password: decodeURIComponent(server.password),
    applicationName: 'pex-test',
    ...options,
  })
  opened.push(driver)
  return driver
}

/** Listens on a free port of the loopback until the test ends. */
async function listen(serve: (socket: Socket) => void): Promise<AsyncDisposable & { host: string }> {
  const sockets = new Set<Socket>()
  const listener: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    serve(socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

test('every phase is told with its time, in order', async () => {
  const phases: ConnectPhase[] = []
  const driver = await open({ onPhase: (phase) => phases.push(phase) })
  await readPrivileges(driver, { onPhase: (phase) => phases.push(phase) })
  expect(phases.map(({ name, ok }) => [name, ok])).toEqual([
    ['dns', true],
    ['tcp', true],
    ['tls', true],
    ['login', true],
    ['session', true],
    ['privileges', true],
  ])
  for (const { ms } of phases) expect(ms).toBeGreaterThanOrEqual(0)
})

describe('each way of not getting in has its name', () => {
  test('an unknown host', async () => {
    await expect(open({}, '', 'no-such-host.invalid')).rejects.toMatchObject({
      reason: 'UNKNOWN_HOST',
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringContaining('"no-such-host.invalid"'),
    })
  })
  test('a closed port', async () => {
    const gone = await listen(() => undefined)
    await gone[Symbol.asyncDispose]()
    await expect(open({}, '', gone.host)).rejects.toMatchObject({
      reason: 'CONNECTION_REFUSED',
      message: expect.stringContaining(gone.host),
    })
  })
  test('a server that never answers', async () => {
    await using silent = await listen(() => undefined)
    await expect(open({ timeoutMs: 100 }, '', silent.host)).rejects.toMatchObject({ reason: 'CONNECT_TIMEOUT' })
  })
  test('an abort', async () => {
    await using silent = await listen(() => undefined)
    const abort = new AbortController()
    const phases: string[] = []
    const connecting = open(
      { signal: abort.signal, onPhase: ({ name }) => (phases.push(name) === 2 ? abort.abort() : undefined) },
      '',
      silent.host,
    )
    await expect(connecting).rejects.toMatchObject({ reason: 'ABORTED' })
  })
  test('something that is no database', async () => {
    await using web = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await expect(open({}, '', web.host)).rejects.toMatchObject({ reason: 'TLS_NOT_OFFERED' })
  })
  test('no TLS where the URL wants it', async () => {
    await expect(open({}, '?sslmode=require')).rejects.toMatchObject({
      reason: 'TLS_NOT_OFFERED',
      message: expect.stringContaining('sslmode=require'),
    })
  })
  test('a wrong password, which is not repeated in the error', async () => {
    const error: unknown = await open({ user: 'postgres', password: 'wrong-password' }).catch(
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({
      reason: 'WRONG_PASSWORD',
      code: 'DATABASE_AUTHENTICATION_FAILED',
      message: expect.stringContaining('"postgres"'),
    })
    expect(JSON.stringify(error)).not.toContain('wrong-password')
  })
  test('an empty password is sent as empty, whatever the environment holds', async () => {
    await expect(open({ password: '' })).rejects.toMatchObject({ code: 'DATABASE_AUTHENTICATION_FAILED' })
  })
  test('an unknown database', async () => {
    const target = readJdbcUrl(`jdbc:postgresql://${server.host}/no_such_database`)
    const login = {
      user: decodeURIComponent(server.username),
      password: decodeURIComponent(server.password),
      applicationName: 'x',
    }
    await expect(connect(target, login)).rejects.toMatchObject({
      reason: 'UNKNOWN_DATABASE',
      message: expect.stringContaining('"no_such_database"'),
    })
  })
  test('an unknown role and an unknown schema', async () => {
    await expect(open({ role: 'no_such_role' })).rejects.toMatchObject({ reason: 'UNKNOWN_ROLE' })
    await expect(open({ schema: 'no_such_schema' })).rejects.toMatchObject({ reason: 'UNKNOWN_SCHEMA' })
  })
})

describe('TLS means what JDBC means', () => {
  let ca: TestCa
  let other: TestCa
  let proxy: AsyncDisposable & { host: string }
  beforeAll(async () => {
    ca = await makeTestCa()
    other = await makeTestCa()
    const certificate = await ca.certificateFor({ dns: ['localhost'] })
    proxy = await listen((socket) => terminateTls(socket, certificate))
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await ca.dispose()
    await other.dispose()
  })
  const byName = () => proxy.host.replace('127.0.0.1', 'localhost')
  const tlsPhase = async (query: string, host: string, tls: ConnectOptions['tls']) => {
    const phases: ConnectPhase[] = []
    const driver = await open(
      { ...(tls === undefined ? {} : { tls }), onPhase: (phase) => phases.push(phase) },
      query,
      host,
    )
    expect(await driver.firstText('select true')).toBe('t')
    return phases.find(({ name }) => name === 'tls')?.sentence
  }

  test('verify-full wants the authority and the host name', async () => {
    expect(await tlsPhase('?sslmode=verify-full', byName(), { ca: ca.ca })).toContain(
      'certificate and host name verified',
    )
    await expect(open({ tls: { ca: ca.ca } }, '?sslmode=verify-full', proxy.host)).rejects.toMatchObject({
      reason: 'TLS_FAILED',
    })
    await expect(open({ tls: { ca: other.ca } }, '?sslmode=verify-full', byName())).rejects.toMatchObject({
      reason: 'TLS_FAILED',
    })
  })
  test('verify-ca wants the authority only', async () => {
    expect(await tlsPhase('?sslmode=verify-ca', proxy.host, { ca: ca.ca })).toContain('host name not')
    await expect(open({ tls: { ca: other.ca } }, '?sslmode=verify-ca', proxy.host)).rejects.toMatchObject({
      reason: 'TLS_FAILED',
    })
  })
  test('require and prefer encrypt without verifying', async () => {
    expect(await tlsPhase('?sslmode=require', proxy.host, undefined)).toContain('not verified')
    expect(await tlsPhase('', proxy.host, undefined)).toContain('not verified')
  })
  test('a cancel takes the same encrypted way', async () => {
    const driver = await open({ tls: { ca: ca.ca } }, '?sslmode=verify-ca', proxy.host)
    const abort = new AbortController()
    const sleeping = driver.execute('select pg_sleep(60)', abort.signal)
    abort.abort()
    await expect(sleeping).rejects.toMatchObject({ sqlState: '57014' })
  })
})

/** Answers the request for TLS as a server with a certificate would, and hands the rest to the real server. */
function terminateTls(socket: Socket, certificate: { cert: string; key: string }): void {
  socket.once('readable', () => {
    socket.read(8)
    socket.write('S')
    const secured = new TLSSocket(socket, { isServer: true, cert: certificate.cert, key: certificate.key })
    const upstream = connectTcp({ host: server.hostname, port: Number(server.port) })
    secured.on('error', () => upstream.destroy())
    upstream.on('error', () => secured.destroy())
    secured.pipe(upstream).pipe(secured)
  })
}

test('of several hosts the first that answers is taken', async () => {
  const gone = await listen(() => undefined)
  await gone[Symbol.asyncDispose]()
  const driver = await open({}, '', `${gone.host},${server.host}`)
  expect((await driver.identity()).database).toBe(database)
})

test('the session has its name, role, schema and options', async () => {
  await onServer(`drop role if exists drivers_role; create role drivers_role`)
  await (await open()).execute('create schema if not exists "My Schema"')
  const driver = await open(
    { role: 'drivers_role', schema: 'My Schema' },
    '?ApplicationName=mine&options=-c%20geqo%3Doff',
  )
  expect(await driver.session()).toMatchObject({ role: 'drivers_role', searchPath: '"My Schema"', inRecovery: false })
  expect(await driver.firstText("select current_setting('application_name') || ' ' || current_setting('geqo')")).toBe(
    'pex-test mine off',
  )
  await driver.close()
  await (await open()).execute('drop owned by drivers_role')
  await onServer('drop role drivers_role')
})

test('the identity is that of the database, whatever name it was reached by', async () => {
  const identity = await (await open()).identity()
  expect(identity).toMatchObject({ dialect: 'postgresql', database, schema: 'public' })
  expect(identity.systemIdentifier).toMatch(/^\d{10,}$/)
  const again = await (await open({}, '', `localhost:${server.port}`)).identity()
  expect(again.systemIdentifier).toBe(identity.systemIdentifier)
})

test('an error of the database carries its words, SQLSTATE and position; the session goes on', async () => {
  const driver = await open()
  const error: unknown = await driver.execute('select oops').catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(DatabaseError)
  expect(error).toMatchObject({
    sqlState: '42703',
    position: 8,
    connectionLost: false,
    message: 'column "oops" does not exist',
  })
  expect(await driver.firstText('select true')).toBe('t')
})

test('an abort cancels on the server and leaves the session usable, without hitting the next statement', async () => {
  const driver = await open()
  for (let round = 0; round < 5; round += 1) {
    const abort = new AbortController()
    const sleeping = driver.execute('select pg_sleep(60)', abort.signal)
    abort.abort()
    await expect(sleeping).rejects.toMatchObject({ sqlState: '57014', connectionLost: false })
    expect(await driver.firstText(`select ${round}`)).toBe(String(round))
  }
})

test('rows of a statement are dropped as they come, and of several the last one answers', async () => {
  const driver = await open()
  expect(await driver.execute('select generate_series(1, 3); select 1 where false')).toEqual({
    command: 'SELECT',
    rowCount: 0,
  })
  expect(await driver.execute("select repeat('x', 1000) from generate_series(1, 20000)")).toMatchObject({
    rowCount: 20_000,
  })
})

test('a session that the server ends says so, and every later call too', async () => {
  const driver = await open()
  await expect(driver.execute('select pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({
    connectionLost: true,
  })
  await expect(driver.query('select 1')).rejects.toMatchObject({ connectionLost: true })
})

test('notices are heard', async () => {
  const driver = await open()
  const heard: string[] = []
  const stop = driver.onNotice((message) => heard.push(message))
  await driver.execute("do $$ begin raise warning 'careful'; end $$")
  stop()
  await driver.execute("do $$ begin raise warning 'not heard'; end $$")
  expect(heard).toEqual(['WARNING: careful'])
})

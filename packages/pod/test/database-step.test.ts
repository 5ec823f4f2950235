import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  makeTestCa,
  postgresOfRun,
  startGitServer,
  startLogReceiver,
  until,
  type GitServer,
  type LogReceiver,
  type TestCa,
} from '@sluice/testing'
import { createProcessRuntime, type Pod, type PodRuntime } from '../src/index.ts'
import { changelog, documentOf, finish, type Step } from './database-step.ts'
import type { KilledDelegateOrder } from './killed-delegate.ts'
import { podSpec, programs, stateFolder } from './programs.ts'

const password = 'canary-db-pass word/9'
const gitPassword = 'canary-git-token'
let ca: TestCa
let git: GitServer
let logs: LogReceiver
let folder: string
let runtime: PodRuntime
let pod: Pod
let superuser: URL
let database: string
let count = 0

beforeAll(async () => {
  ca = await makeTestCa()
  git = await startGitServer(ca, { credentials: { username: 'deploy', password: gitPassword } })
  superuser = new URL(await postgresOfRun())
  folder = await stateFolder()
  runtime = await createProcessRuntime({
    stateFolder: folder,
    programs,
    warmSlots: 0,
    environment: { SLUICE_GIT_CA_FILE: ca.caFile, SLUICE_TRACE_FILE: join(folder, 'trace.ndjson') },
  })
  await asSuperuser('postgres', async (client) => {
    await client.query(`create role pod_owner login password '${password}'`)
    await client.query(`create role pod_reader login password '${password}'`)
  })
})
afterAll(async () => {
  await runtime.close()
  await git.dispose()
  await ca.dispose()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  database = `pod_${randomBytes(6).toString('hex')}`
  await asSuperuser('postgres', (client) => client.query(`create database ${database} owner pod_owner`))
  await asSuperuser(database, (client) => client.query('grant create, usage on schema public to pod_owner'))
  logs = await startLogReceiver(ca)
  count += 1
  pod = await runtime.init(
    podSpec(`pod-${count}`, {
      secrets: { 'database.password': password, 'git.password': gitPassword },
      log: { url: logs.url, caPem: ca.ca, token: 'log-token', initKey: 'acc/pex/init/1' },
    }),
  )
  return async () => {
    await runtime.cleanup(`pod-${count}`)
    expect(await readdir(join(folder, 'pods'))).toEqual([])
    await logs.dispose()
  }
})

async function asSuperuser<Value>(name: string, work: (client: Client) => Promise<Value>): Promise<Value> {
  const url = new URL(superuser)
  url.pathname = `/${name}`
  const client = new Client({ connectionString: url.href })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function rowsOf(sql: string): Promise<Record<string, unknown>[]> {
  return asSuperuser(database, async (client) => (await client.query<Record<string, unknown>>(sql)).rows)
}

async function repositoryWith(files: Record<string, string>) {
  return git.createRepository(`r${randomBytes(4).toString('hex')}`, files)
}

function specOf(step: Step): unknown {
  return {
    run: step.run,
    source: {
      url: step.url,
      username: 'deploy',
      passwordSecret: 'git.password',
      location: step.location ?? 'db/changelog.sql',
      ...(step.source ?? { branch: 'main' }),
    },
    target: {
      jdbcUrl: `jdbc:postgresql://127.0.0.1:${superuser.port}/${database}?sslmode=disable`,
      username: step.username ?? 'pod_owner',
      passwordSecret: 'database.password',
    },
    filters: step.filters ?? { properties: {} },
    lockWaitMs: step.lockWaitMs ?? 0,
  }
}

let attempt = 0
function start(step: Step) {
  attempt += 1
  const attemptId = `nod-${attempt}-1`
  const stream = pod.execute({
    attemptId,
    traceparent: step.traceparent,
    container: 'db',
    operation: String(step.run['operation']),
    parameters: specOf(step),
    secretNames: ['database.password', 'git.password'],
    logKey: `acc/pex/nod-${attempt}/1`,
  })
  return { attemptId, stream }
}

async function run(step: Step) {
  return finish(start(step).stream)
}

describe('a database step in a pod', () => {
  it('previews without a change, applies exactly that, and finds nothing to do afterwards', async () => {
    const { url, firstCommit } = await repositoryWith({ 'db/changelog.sql': changelog })
    const preview = await run({ run: { operation: 'preview' }, url })
    expect(preview.outcome).toMatchObject({ status: 'succeeded', outputs: { changeSetCount: 2, commit: firstCommit } })
    expect(preview.outcome.outputs['sqlCommands']).toContain('create table orders')
    expect(preview.outcome.units.map((unit) => [unit.name, unit.status])).toEqual([
      ['Fetch', 'succeeded'],
      ['Preflight', 'succeeded'],
      ['Plan', 'succeeded'],
      ['Report', 'succeeded'],
    ])
    expect(documentOf(preview.outcome, 'changesets')).toMatchObject([{ id: '1', status: 'pending' }, { id: '2' }])
    expect(await rowsOf(`select 1 from pg_tables where schemaname = 'public'`)).toEqual([])

    const planHash = preview.outcome.outputs['planHash']
    const apply = await run({ run: { operation: 'apply', planHash, tag: 'r1' }, url, source: { commit: firstCommit } })
    expect(apply.outcome).toMatchObject({
      status: 'succeeded',
      outputs: { deployedCount: 2, pendingCount: 0, planHash },
    })
    expect(await rowsOf('select id, note from orders order by id')).toEqual([
      { id: 1, note: 'first' },
      { id: 2, note: 'second' },
    ])
    expect(await rowsOf('select id, tag from databasechangelog order by orderexecuted')).toEqual([
      { id: '1', tag: null },
      { id: '2', tag: 'r1' },
    ])
    expect(documentOf(apply.outcome, 'changesets')).toMatchObject([
      { id: '1', status: 'deployed', orderExecuted: 1 },
      { id: '2', status: 'deployed', tag: 'r1' },
    ])
    const told = apply.events.flatMap((event) =>
      event.kind === 'changeset' ? [`${event.changeset.id} ${event.state}`] : [],
    )
    expect(told).toEqual(['1 running', '1 deployed', '2 running', '2 deployed'])

    const again = await run({ run: { operation: 'apply' }, url })
    expect(again.outcome).toMatchObject({ status: 'succeeded', outputs: { deployedCount: 0, preStartTag: 'r1' } })
    const state = await run({ run: { operation: 'status' }, url, username: 'pod_owner' })
    expect(state.outcome).toMatchObject({ status: 'succeeded', outputs: { deployedCount: 2, pendingCount: 0 } })
  })

  it('refuses to apply when the plan is no longer the one that was previewed', async () => {
    const repository = await repositoryWith({ 'db/changelog.sql': changelog })
    const preview = await run({ run: { operation: 'preview' }, url: repository.url })
    await repository.commit({ 'db/changelog.sql': `${changelog}--changeset ana:3\nselect 1;\n` })
    const { planHash } = preview.outcome.outputs
    const apply = await run({ run: { operation: 'apply', planHash }, url: repository.url })
    expect(apply.outcome).toMatchObject({ status: 'failed', failure: { code: 'PLAN_MOVED' } })
    expect(await rowsOf(`select 1 from pg_tables where schemaname = 'public'`)).toEqual([])
  })

  it('rolls a broken changeset back, keeps those before it and names file, statement and the database’s message', async () => {
    const broken = `${changelog}--changeset ana:3\ninsert into orders values (3, 'third');\ninsert into nowhere values (1);\n`
    const { url } = await repositoryWith({ 'db/changelog.sql': broken })
    const { outcome } = await run({ run: { operation: 'apply' }, url })
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'STATEMENT_FAILED' } })
    expect(outcome.failure?.message).toMatch(/db\/changelog\.sql/)
    expect(outcome.failure?.message).toMatch(/nowhere/)
    expect(outcome.units.map((unit) => [unit.name, unit.status])).toContainEqual(['Apply', 'failed'])
    expect(documentOf(outcome, 'changesets')).toMatchObject([
      { status: 'deployed' },
      { status: 'deployed' },
      { id: '3', status: 'failed', error: expect.stringContaining('nowhere') },
    ])
    expect(await rowsOf('select id from orders order by id')).toEqual([{ id: 1 }, { id: 2 }])
    expect(await rowsOf('select locked from databasechangeloglock')).toEqual([{ locked: false }])
  })

  it('says which statement lost the connection, though the state cannot be read back any more', async () => {
    const fatal = `${changelog}--changeset ana:3\nselect pg_terminate_backend(pg_backend_pid());\n`
    const { url } = await repositoryWith({ 'db/changelog.sql': fatal })
    const { outcome } = await run({ run: { operation: 'apply' }, url })
    expect(outcome).toMatchObject({ status: 'failed', outputs: { deployedCount: 2, failedCount: 1 } })
    expect(outcome.failure?.message).toContain('db/changelog.sql::3::ana')
    expect(outcome.failure?.message).toContain('pg_terminate_backend')
    expect(outcome.units.map((unit) => [unit.name, unit.status])).toContainEqual(['Report', 'failed'])
  })

  it('says that an apply succeeded whose state cannot be read back', async () => {
    const blinding = `--liquibase formatted sql
--changeset ana:1 splitStatements:false
create function blind() returns trigger language plpgsql as $$
begin revoke select on databasechangelog from pod_owner; return null; end $$;
--changeset ana:2
create trigger blind after update on databasechangeloglock for each row when (not new.locked) execute function blind();
`
    const { url } = await repositoryWith({ 'db/changelog.sql': blinding })
    const { outcome } = await run({ run: { operation: 'apply' }, url })
    expect(outcome).toMatchObject({ status: 'failed', outputs: { deployedCount: 2 } })
    expect(outcome.failure?.message).toContain('The apply itself succeeded (2 changesets deployed)')
  })

  it('tags the state before a run under the lock of the run, and only where there is something to run', async () => {
    const repository = await repositoryWith({ 'db/changelog.sql': changelog })
    const tags = async () =>
      (await rowsOf('select tag from databasechangelog order by orderexecuted')).map((r) => r['tag'])
    await run({ run: { operation: 'apply' }, url: repository.url })
    await run({ run: { operation: 'apply' }, url: repository.url })
    expect(await tags()).toEqual([null, null])
    await repository.commit({ 'db/changelog.sql': `${changelog}--changeset ana:3\nselect 1;\n` })
    const { outcome } = await run({ run: { operation: 'apply' }, url: repository.url })
    const name = `before-nod-${attempt}-1`
    expect(outcome.outputs).toMatchObject({ preStartTag: name, deployedCount: 1 })
    expect(await tags()).toEqual([null, name, null])
    await runtime.cleanup(pod.podId)
    const lines = logs
      .log(`acc/pex/nod-${attempt}/1`)
      .lines.filter((line) => line.text.startsWith('Took the changelog'))
    expect(lines).toHaveLength(1)
  })

  it('previews with a read-only account and refuses its apply by name before anything runs', async () => {
    const { url } = await repositoryWith({ 'db/changelog.sql': changelog })
    const preview = await run({ run: { operation: 'preview' }, url, username: 'pod_reader' })
    expect(preview.outcome).toMatchObject({ status: 'succeeded', outputs: { changeSetCount: 2 } })
    const apply = await run({ run: { operation: 'apply' }, url, username: 'pod_reader' })
    expect(apply.outcome).toMatchObject({ status: 'failed', failure: { code: 'DATABASE_PRIVILEGE_MISSING' } })
    expect(apply.outcome.failure?.failureTypes).toEqual(['Authorization'])
    expect(await rowsOf(`select 1 from pg_tables where schemaname = 'public'`)).toEqual([])
  })

  it('names every right on the lock table that an account must have', async () => {
    const { url } = await repositoryWith({ 'db/changelog.sql': changelog })
    await run({ run: { operation: 'apply' }, url })
    await rowsOf(`grant select, insert, update, delete on databasechangelog to pod_reader`)
    await rowsOf(`grant insert, update, delete on databasechangeloglock to pod_reader`)
    const refused = await run({ run: { operation: 'apply' }, url, username: 'pod_reader' })
    expect(refused.outcome.failure).toMatchObject({
      code: 'DATABASE_PRIVILEGE_MISSING',
      message: expect.stringContaining('databasechangeloglock. Grant it SELECT, INSERT, UPDATE and DELETE on it'),
    })
  })

  it('names what is wrong with the source or the target', async () => {
    const { url } = await repositoryWith({ 'db/changelog.sql': changelog, 'db/broken.yaml': 'databaseChangeLog: 7\n' })
    const preview = (changes: Partial<Step>) => run({ run: { operation: 'preview' }, url, ...changes })
    const failureOf = async (changes: Partial<Step>) => (await preview(changes)).outcome.failure
    expect(await failureOf({ source: { branch: 'nope' } })).toMatchObject({ code: 'GIT_REF_NOT_FOUND' })
    expect(await failureOf({ location: 'db/none.sql' })).toMatchObject({ code: 'CHANGELOG_NOT_FOUND' })
    expect(await failureOf({ location: 'db/broken.yaml' })).toMatchObject({ code: 'CHANGELOG_INVALID' })
    expect(await failureOf({ username: 'nobody_here' })).toMatchObject({
      code: 'DATABASE_AUTHENTICATION_FAILED',
      failureTypes: ['Authentication'],
    })
  })

  it('cancels the running statement on the server and rolls back', async () => {
    const slow = '--liquibase formatted sql\n--changeset ana:1\ncreate table slow (id int);\nselect pg_sleep(60);\n'
    const { url } = await repositoryWith({ 'db/changelog.sql': slow })
    const { attemptId, stream } = start({ run: { operation: 'apply' }, url })
    const finished = finish(stream)
    const active = `select application_name from pg_stat_activity where datname = '${database}' and query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()`
    const [session] = await until(
      async () => {
        const found = await rowsOf(active)
        return found.length > 0 ? found : undefined
      },
      { what: 'the slow statement' },
    )
    expect(session).toEqual({ application_name: attemptId })
    await expect(pod.cancelStep(attemptId, 'somebody pressed Abort', 10_000)).resolves.toEqual({
      known: true,
      ended: true,
    })
    const { outcome } = await finished
    expect(outcome).toMatchObject({ status: 'cancelled', failure: { code: 'ABORTED' } })
    expect(outcome.failure?.message).toContain('somebody pressed Abort')
    expect(await rowsOf(active)).toEqual([])
    expect(await rowsOf(`select 1 from pg_tables where tablename = 'slow'`)).toEqual([])
  })

  it('ends its statement on the server when its delegate is killed with -9', async () => {
    const slow = '--liquibase formatted sql\n--changeset ana:1\ncreate table slow (id int);\nselect pg_sleep(60);\n'
    const { url } = await repositoryWith({ 'db/changelog.sql': slow })
    const order: KilledDelegateOrder = {
      environment: { SLUICE_GIT_CA_FILE: ca.caFile },
      spec: { secrets: { 'database.password': password, 'git.password': gitPassword } },
      step: {
        attemptId: 'nod-killed-1',
        container: 'db',
        operation: 'apply',
        parameters: specOf({ run: { operation: 'apply' }, url }),
        secretNames: ['database.password', 'git.password'],
        logKey: '',
      },
    }
    const script = fileURLToPath(new URL('./killed-delegate.ts', import.meta.url))
    const delegate = fork(script, [folder, JSON.stringify(order)], { execArgv: [] })
    const sessions = `select pid from pg_stat_activity where application_name = 'nod-killed-1'`
    await until(async () => (await rowsOf(`${sessions} and query like '%pg_sleep%' and state = 'active'`)).length > 0, {
      what: 'the slow statement',
      deadlineMs: 20_000,
    })
    delegate.kill('SIGKILL')
    await until(async () => (await rowsOf(sessions)).length === 0, { what: 'the end of the session' })
    expect(await rowsOf(`select 1 from pg_tables where tablename = 'slow'`)).toEqual([])
    expect(await rowsOf('select locked from databasechangeloglock')).toEqual([{ locked: false }])
    await until(async () => (await runtime.sweep()).removed.length > 0, { what: 'the folder of the killed delegate' })
  })

  it('refuses a second run while one holds the lock, and a changeset that was changed after it ran', async () => {
    const repository = await repositoryWith({ 'db/changelog.sql': changelog })
    const { url } = repository
    await run({ run: { operation: 'apply' }, url })
    await rowsOf(`update databasechangeloglock set locked = true, lockedby = 'somebody else', lockgranted = now()`)
    const locked = await run({ run: { operation: 'apply', tag: 'r2' }, url })
    expect(locked.outcome).toMatchObject({ status: 'failed', failure: { code: 'CHANGELOG_LOCKED' } })
    expect(locked.outcome.failure?.message).toContain('somebody else')
    await rowsOf(`update databasechangeloglock set locked = false, lockedby = null, lockgranted = null`)
    await repository.commit({ 'db/changelog.sql': changelog.replace('first', 'other') })
    const changed = await run({ run: { operation: 'apply' }, url })
    expect(changed.outcome).toMatchObject({ status: 'failed', failure: { code: 'CHECKSUM_CHANGED' } })
  })

  it('shows no secret in any log line, output, document or error', async () => {
    const leaking = `--liquibase formatted sql\n--changeset ana:1\nselect '${password}', '${gitPassword}';\n--changeset ana:2\nselect * from "${password}";\n`
    const { url } = await repositoryWith({ 'db/changelog.sql': leaking })
    const preview = await run({ run: { operation: 'preview' }, url })
    const apply = await run({ run: { operation: 'apply' }, url })
    expect(apply.outcome.failure?.message).toContain('******')
    await runtime.cleanup(pod.podId)
    const everything =
      JSON.stringify([preview.events, apply.events, ...logs.logs.values()]) +
      [...preview.outcome.documents, ...apply.outcome.documents].map((document) => document.bytes.toString()).join()
    expect(everything).not.toContain('canary')
    expect(everything).not.toContain(Buffer.from(`deploy:${gitPassword}`).toString('base64'))
  })
})

describe('the log of a step', () => {
  it('is not lost without a word: the end of the pod says how many lines the log service did not take', async () => {
    const own = await createProcessRuntime({ stateFolder: folder, programs, warmSlots: 0, shipWithinMs: 300 })
    logs.failNext = Number.POSITIVE_INFINITY
    const away = await own.init(podSpec('pod-away', { log: { url: logs.url, caPem: ca.ca, token: 'log-token' } }))
    await finish(
      away.execute({
        attemptId: 'nod-away-1',
        container: 'db',
        operation: 'preview',
        parameters: specOf({ run: { operation: 'preview' }, url: git.url }),
        secretNames: [],
        logKey: 'acc/pex/nod-away/1',
      }),
    )
    const end = await own.cleanup('pod-away')
    expect(end?.unshippedLines).toBeGreaterThan(0)
    await own.close()
  })

  it('arrives in order with a section for each unit, and is stored when the pod is cleaned up', async () => {
    const { url } = await repositoryWith({ 'db/changelog.sql': changelog })
    await run({ run: { operation: 'apply' }, url })
    await runtime.cleanup(pod.podId)
    const log = logs.log(`acc/pex/nod-${attempt}/1`)
    expect(log.closedAt).toBe(log.lines.length)
    expect(log.uploaded).toEqual(log.lines)
    expect([...new Set(log.lines.map((line) => line.unit))]).toEqual(['Fetch', 'Preflight', 'Plan', 'Apply', 'Report'])
    const init = logs.log('acc/pex/init/1')
    expect(init.uploaded).toEqual(init.lines)
    expect(init.lines.at(-1)?.text).toContain('Step container "db" answered')
  })
})

describe('the trace of a step', () => {
  it('goes on in the pod along the edges of the network table', async () => {
    const { url } = await repositoryWith({ 'db/changelog.sql': changelog })
    const traceId = randomBytes(16).toString('hex')
    await run({ run: { operation: 'preview' }, url, traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
    const spans = (await readFile(join(folder, 'trace.ndjson'), 'utf8'))
      .split('\n')
      .filter((line) => line.includes(traceId))
      .map((line): Record<string, string> => JSON.parse(line).attributes)
    const edges = spans.map((span) => `${span['sluice.edge.from']} → ${span['sluice.edge.to']}`)
    expect(edges.toSorted()).toEqual([
      'delegate → git',
      'lite-engine → step-container',
      'step-container → target-database',
    ])
  })
})

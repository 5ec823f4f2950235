import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeTestCa, postgresOfRun, startGitServer, type GitServer, type TestCa } from '@sluice/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createProcessRuntime, type Pod, type PodRuntime } from '../src/index.ts'
import { documentOf, finish } from './database-step.ts'
import { podSpec, programs, stateFolder } from './programs.ts'

const password = 'canary-db-pass word/9'
const gitPassword = 'canary-git-token'
const golden = fileURLToPath(new URL('../../changelog/test/golden', import.meta.url))
/** Rows that a real Liquibase 4.28 wrote for the changelog in `golden/sources`. */
const { history }: { history: Record<string, unknown>[] } = JSON.parse(
  readFileSync(join(golden, 'golden.json'), 'utf8'),
)

let ca: TestCa
let git: GitServer
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
    environment: { SLUICE_GIT_CA_FILE: ca.caFile, SLUICE_DELEGATE_IN_CONTAINER: '1' },
  })
  await onDatabase('postgres', `create role request_owner login password '${password}'`)
  await onDatabase('postgres', `create role request_reader login password '${password}'`)
  pod = await runtime.init(
    podSpec('pod-requests', { secrets: { 'database.password': password, 'git.password': gitPassword } }),
  )
})
afterAll(async () => {
  await runtime.cleanup('pod-requests')
  await runtime.close()
  await git.dispose()
  await ca.dispose()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  database = `request_${randomBytes(6).toString('hex')}`
  await onDatabase('postgres', `create database ${database} owner request_owner`)
  await onDatabase(database, 'grant create, usage on schema public to request_owner')
})

async function onDatabase(name: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const url = new URL(superuser)
  url.pathname = `/${name}`
  const client = new Client({ connectionString: url.href })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows
  } finally {
    await client.end()
  }
}

function filesBelow(root: string): Record<string, string> {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    paths.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(root.length + 1), readFileSync(path, 'utf8')]
    }),
  )
}

const repositoryWith = (files: Record<string, string>) =>
  git.createRepository(`r${randomBytes(4).toString('hex')}`, files)

function request(operation: string, parameters: unknown) {
  count += 1
  return finish(
    pod.execute({
      attemptId: `tsk-${count}`,
      container: 'db',
      operation,
      parameters,
      secretNames: ['database.password', 'git.password'],
      logKey: '',
    }),
  )
}

const credentials = { username: 'deploy', passwordSecret: 'git.password' }

function specOf(
  run: { operation: string; expectedCount?: number },
  url: string,
  of: { user?: string; host?: string; location?: string } = {},
) {
  return {
    run,
    source: { url, ...credentials, location: of.location ?? 'db/changelog.sql', branch: 'main' },
    target: {
      jdbcUrl: `jdbc:postgresql://${of.host ?? `127.0.0.1:${superuser.port}`}/${database}?sslmode=disable`,
      username: of.user ?? 'request_owner',
      passwordSecret: 'database.password',
    },
    filters: { properties: {} },
  }
}

const changelog = `--liquibase formatted sql
--changeset ana:1 labels:base
--comment the first table
create table orders (id int primary key, note text);
--rollback drop table orders;
--changeset ana:2
insert into orders values (1, '${password}'), (2, '${'x'.repeat(70_000)}');
`

test('a read-only account sees the state of a database whose history Liquibase wrote, and leaves nothing in it', async () => {
  const { url, firstCommit } = await repositoryWith(filesBelow(join(golden, 'sources')))
  await onDatabase(
    database,
    `create table databasechangelog (id varchar(255) not null, author varchar(255) not null, filename varchar(255) not null,
       dateexecuted timestamp not null, orderexecuted int not null, exectype varchar(10) not null, md5sum varchar(35),
       description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar(20), contexts varchar(255),
       labels varchar(255), deployment_id varchar(10));
     grant select on databasechangelog to request_reader`,
  )
  await onDatabase(
    database,
    `insert into databasechangelog select r.id, r.author, r.filename, now(), r.orderexecuted, r.exectype, r.md5sum, r.description,
       r.comments, r.tag, r.liquibase, r.contexts, r.labels, '1' from jsonb_populate_recordset(null::databasechangelog, $1::jsonb) r`,
    [JSON.stringify(history)],
  )
  // Somebody changed a changeset, added one by hand, and one was not deployed yet.
  await onDatabase(
    database,
    `update databasechangelog set md5sum = '9:00000000000000000000000000000000' where orderexecuted = 1;
     delete from databasechangelog where orderexecuted = 3;
     insert into databasechangelog values ('hotfix', 'dba', 'by/hand.sql', now(), 900, 'EXECUTED')`,
  )
  const spec = specOf({ operation: 'status' }, url, { user: 'request_reader', location: 'db/master.yaml' })
  const { outcome } = await request('status', spec)

  expect(outcome).toMatchObject({
    status: 'succeeded',
    body: { commit: firstCommit, hasHistory: true, baselineCount: 1 },
    // One changeset runs always, so it is pending although it has its row.
    outputs: { deployedCount: history.length - 3, pendingCount: 2, changedCount: 1, unknownCount: 1 },
  })
  const { phases } = z.object({ phases: z.array(z.object({ phase: z.string(), ok: z.boolean() })) }).parse(outcome.body)
  expect(phases.every(({ ok }) => ok)).toBe(true)
  const names = phases.map(({ phase }) => phase).filter((name) => name !== 'tls')
  expect([...new Set(names)]).toEqual(['git', 'dns', 'tcp', 'login', 'privileges', 'changelog', 'history'])
  expect(documentOf(outcome, 'changesets')).toContainEqual(
    expect.objectContaining({
      id: '1',
      author: 'bob',
      status: 'changed',
      storedChecksum: '9:00000000000000000000000000000000',
    }),
  )
  const tables = await onDatabase(database, `select tablename from pg_tables where schemaname = 'public'`)
  expect(tables).toEqual([{ tablename: 'databasechangelog' }])
})

test('the SQL of changesets is told with secrets masked, cut where it is long, with the way back', async () => {
  const { url } = await repositoryWith({ 'db/changelog.sql': changelog })
  const { outcome } = await request('status', specOf({ operation: 'status' }, url, { user: 'request_reader' }))

  expect(outcome).toMatchObject({ status: 'succeeded', body: { hasHistory: false, baselineCount: 2 } })
  const texts = documentOf(outcome, 'texts')
  expect(texts).toMatchObject([
    {
      id: '1',
      path: 'db/changelog.sql',
      sql: 'create table orders (id int primary key, note text);',
      truncated: false,
      statementCount: 1,
      rollbackSql: 'drop table orders;',
      comment: 'the first table',
      labels: 'base',
      checksum: expect.stringMatching(/^9:[0-9a-f]{32}$/),
    },
    { id: '2', truncated: true },
  ])
  expect(JSON.stringify(texts)).not.toContain(password)
  expect(JSON.stringify(texts).length).toBeLessThan(70_000)
})

test('a baseline marks what was confirmed, runs nothing, and reports the state after it', async () => {
  const { url } = await repositoryWith({ 'db/changelog.sql': changelog })
  const moved = await request('baseline', specOf({ operation: 'baseline', expectedCount: 3 }, url))
  expect(moved.outcome).toMatchObject({ status: 'failed', failure: { code: 'PLAN_MOVED' } })

  const { outcome } = await request('baseline', specOf({ operation: 'baseline', expectedCount: 2 }, url))
  expect(outcome).toMatchObject({ status: 'succeeded', body: { markedCount: 2, hasHistory: true, baselineCount: 0 } })
  expect(documentOf(outcome, 'changesets')).toMatchObject([{ status: 'deployed' }, { status: 'deployed' }])
  expect(await onDatabase(database, `select to_regclass('orders') as orders`)).toEqual([{ orders: null }])
  const reader = await request(
    'baseline',
    specOf({ operation: 'baseline', expectedCount: 2 }, url, { user: 'request_reader' }),
  )
  expect(reader.outcome).toMatchObject({ status: 'failed', failure: { code: 'DATABASE_PRIVILEGE_MISSING' } })
})

test('localhost from a container where nobody answers says what to write, with the phases so far', async () => {
  const { url } = await repositoryWith({ 'db/changelog.sql': changelog })
  const status = await request('status', specOf({ operation: 'status' }, url, { host: 'localhost:1' }))
  expect(status.outcome.failure?.message).toMatch(/"localhost" is this container itself.*"host\.docker\.internal"/)
  expect(status.outcome.body).toMatchObject({
    phases: [{ phase: 'git', ok: true }, { phase: 'dns' }, { phase: 'tcp', ok: false }],
  })
  const connection = await request('connection.test', {
    target: 'database',
    database: { jdbcUrl: 'jdbc:postgresql://127.0.0.1:1/shop', username: 'ann' },
  })
  expect(connection.outcome.failure).toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  expect(connection.outcome.failure?.message).toContain('host.docker.internal')
})

test('a private repository tells its branches, folders and files', async () => {
  const repository = await repositoryWith({ 'db/changelog.yaml': 'databaseChangeLog: []\n', 'README.md': 'x' })
  await repository.commit({ 'db/v2.sql': 'select 1;' }, { branch: 'feature/two' })
  const call = (read: object) => request('scm.call', { url: repository.url, ...credentials, call: read })

  const branches = await call({ read: 'branches', searchTerm: '', page: 0, size: 1 })
  expect(branches.outcome.body).toMatchObject({
    branches: { items: [{ name: 'feature/two' }], defaultBranch: 'main', total: 2 },
  })
  const root = await call({ read: 'folder', branch: 'feature/two', path: '' })
  expect(root.outcome.body).toMatchObject({
    listing: {
      entries: [
        { name: 'README.md', path: 'README.md', type: 'file' },
        { name: 'db', path: 'db', type: 'folder' },
      ],
      paths: ['db/changelog.yaml', 'db/v2.sql'],
      truncated: false,
    },
  })
  const below = await call({ read: 'folder', branch: 'main', path: 'db/' })
  expect(below.outcome.body).toMatchObject({ listing: { entries: [{ path: 'db/changelog.yaml' }] } })
  const file = await call({ read: 'file', branch: 'main', path: 'db/changelog.yaml' })
  expect(file.outcome.body).toMatchObject({
    file: { content: 'databaseChangeLog: []\n', commit: repository.firstCommit },
  })
  const gone = await call({ read: 'file', branch: 'main', path: 'db/nope.yaml' })
  expect(gone.outcome.failure).toMatchObject({ code: 'REFERENCE_NOT_FOUND' })
  const noBranch = await call({ read: 'folder', branch: 'nope', path: '' })
  expect(noBranch.outcome.failure).toMatchObject({ code: 'GIT_REF_NOT_FOUND' })
})

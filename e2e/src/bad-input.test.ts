import * as connectors from '@sluice/contracts/connectors'
import * as pipelines from '@sluice/contracts/pipelines'
import * as secrets from '@sluice/contracts/secrets'
import * as settings from '@sluice/contracts/settings'
import { freePort, until } from '@sluice/testing'
import { Client } from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { ApiError, signIn, type ApiClient } from './system/api-client.ts'
import { createCustomerDatabase, customerSql, type CustomerDatabase } from './system/customer.ts'
import { expectNothingLeftBehind, historyOf, locksOf, podFolders, sessionsOf, tablesOf } from './system/left-behind.ts'
import {
  connectDatabase,
  connectGit,
  createInstance,
  createPipeline,
  createSchema,
  pipelineYaml,
  PROJECT,
  readRun,
  runToEnd,
  startRun,
  waitForRun,
  type Run,
} from './system/project.ts'
import { commit, createRepository, system } from './system/system.ts'

/** What every case here has: a repository, a database, and a pipeline with these steps. */
interface Case {
  name: string
  database: CustomerDatabase
  /** What the connector says; the database's own where absent. */
  connection?: Partial<CustomerDatabase>
  files: Record<string, string>
  location?: string
  branch?: string
  tag?: string
  executeOnDelegate?: boolean
  delegateSelectors?: string[]
  steps?: readonly ('preview' | 'apply')[]
  timeout?: string
}

const GOOD = `--liquibase formatted sql

--changeset ana:one
create table one (id int primary key);
`
const SLEEPER = `--liquibase formatted sql

--changeset ana:done
create table done (id int primary key);

--changeset ana:slow
create table half (id int primary key);
select pg_sleep(90);
`

let client: ApiClient

beforeAll(async () => {
  client = await signIn(system.first)
})

/** Makes all that a run needs; the pipeline is called as the case. */
async function arrange(what: Case): Promise<void> {
  const { name, database } = what
  const { url } = await createRepository(name, what.files)
  await connectGit(client, `${name}_git`, url, what.executeOnDelegate)
  await connectDatabase(client, `${name}_db`, { ...database, ...what.connection })
  if (what.delegateSelectors !== undefined) await selectDelegates(`${name}_db`, what.delegateSelectors)
  await createSchema(client, name, `${name}_git`, what.location ?? 'db/changelog.sql')
  const source = what.tag === undefined ? { branch: what.branch ?? 'main' } : { gitTag: what.tag }
  await createInstance(client, name, `${name}_instance`, `${name}_db`, source)
  await createPipeline(client, stepsYaml(what))
}

function stepsYaml({ name, steps = ['apply'], timeout }: Pick<Case, 'name' | 'steps' | 'timeout'>): string {
  return pipelineYaml(
    name,
    steps.map((step) => ({
      identifier: step,
      type: step === 'apply' ? 'DBSchemaApply' : 'DBSchemaUpdateSQL',
      dbSchema: name,
      dbInstance: `${name}_instance`,
      timeout,
    })),
  )
}

async function selectDelegates(identifier: string, delegateSelectors: string[]): Promise<void> {
  const { connector, version } = await client.call(connectors.getConnector, {
    params: { identifier },
    query: PROJECT,
  })
  if (connector.type !== 'JDBC') throw new Error(`${identifier} is no JDBC connector`)
  await client.call(connectors.updateConnector, {
    query: PROJECT,
    body: { connector: { ...connector, spec: { ...connector.spec, delegateSelectors } }, version },
  })
}

/** The code and sentence of the node that failed by itself; groups and stages above only pass it on. */
function failureOf(run: Run, identifier: string): string {
  const failure = run.nodes.find((node) => [node.identifier, node.name].includes(identifier))?.failureInfo
  return failure == null ? '' : `${failure.code ?? ''}: ${failure.message ?? ''}`
}

/** Runs the case's pipeline; it must fail, in this node, with a sentence that matches, and leave nothing behind. */
async function expectFailure(what: Pick<Case, 'name' | 'database'>, node: string, sentence: RegExp): Promise<Run> {
  const run = await runToEnd(client, what.name)
  expect(run.status, JSON.stringify(run.nodes, null, 2)).toBe('Failed')
  expect(failureOf(run, node), JSON.stringify(run.nodes, null, 2)).toMatch(sentence)
  await expectNothingLeftBehind(what.database)
  return run
}

async function refusal(work: Promise<unknown>): Promise<ApiError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof ApiError) return error
  throw new Error(`not refused: ${String(error)}`)
}

/** A step that cannot be aborted before it does something: waits until the statement runs on the server. */
async function waitForStatement(database: CustomerDatabase, text: string): Promise<void> {
  await until(async () => (await sessionsOf(database.username)).some((row) => String(row['query']).includes(text)), {
    what: `"${text}" to run`,
    deadlineMs: 30_000,
  })
}

async function abort(executionId: string): Promise<void> {
  await client.call(pipelines.interruptExecution, {
    params: { executionId: executionId as never },
    query: { ...PROJECT, interruptType: 'AbortAll' },
  })
}

test('a pipeline whose YAML is invalid is refused with every problem, its line and its column', async () => {
  const broken = await refusal(createPipeline(client, 'pipeline:\n  identifier: [a\n  name: b\n'))
  expect(broken).toMatchObject({ status: 400, code: 'PIPELINE_INVALID_YAML' })
  expect(broken.body).toMatchObject({ details: [{ line: expect.any(Number), column: expect.any(Number) }] })

  const yaml = pipelineYaml('invalid', [
    { identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'x', dbInstance: 'y', timeout: 'soon' },
  ])
  const wrong = await refusal(createPipeline(client, yaml.replace('type: Custom', 'type: Costum')))
  expect(wrong).toMatchObject({ status: 400, code: 'PIPELINE_INVALID_YAML' })
  const lines = yaml.split('\n')
  const { details } = wrong.body as { details: { line: number; column: number; message: string }[] }
  expect(details.map((problem) => problem.line)).toContain(lines.findIndex((line) => line.includes('type: Custom')) + 1)
  expect(wrong.message).toMatch(/line \d+, column \d+/)
})

test('a run of a schema or an instance that is not there fails before a pod starts, and names it', async () => {
  const database = await createCustomerDatabase('bad_reference')
  await arrange({ name: 'bad_reference', database, files: { 'db/changelog.sql': GOOD } })
  const step = { identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'bad_reference' } as const
  await createPipeline(
    client,
    pipelineYaml('no_schema', [{ ...step, dbSchema: 'not_there', dbInstance: 'bad_reference_instance' }]),
  )
  await createPipeline(client, pipelineYaml('no_instance', [{ ...step, dbInstance: 'not_there' }]))

  await expectFailure({ name: 'no_schema', database }, 'Initialize', /REFERENCE_NOT_FOUND.*schema "not_there"/)
  await expectFailure({ name: 'no_instance', database }, 'Initialize', /REFERENCE_NOT_FOUND.*instance "not_there"/)
  expect(await tablesOf(database.name)).toEqual([])
})

test('a run whose connector is not there fails and names it; a connector with an unknown secret is refused', async () => {
  const database = await createCustomerDatabase('bad_connector')
  await arrange({ name: 'bad_connector', database, files: { 'db/changelog.sql': GOOD } })
  await createInstance(client, 'bad_connector', 'lost', 'not_there')
  await createPipeline(
    client,
    pipelineYaml('no_connector', [
      { identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'bad_connector', dbInstance: 'lost' },
    ]),
  )

  await expectFailure({ name: 'no_connector', database }, 'Initialize', /REFERENCE_NOT_FOUND.*connector "not_there"/)
  const auth = { type: 'UsernamePassword', spec: { username: 'x', passwordRef: 'not_there' } } as const
  const refused = await refusal(
    client.call(connectors.createConnector, {
      query: PROJECT,
      body: {
        connector: { type: 'JDBC', identifier: 'c1', name: 'c1', ...PROJECT, spec: { url: database.jdbcUrl, auth } },
      },
    }),
  )
  expect(refused).toMatchObject({ status: 400, code: 'REFERENCE_NOT_FOUND' })
  expect(refused.message).toContain('not_there')
  const inUse = await refusal(
    client.call(secrets.deleteSecret, { params: { identifier: 'bad_connector_db_password' }, query: PROJECT }),
  )
  expect(inUse).toMatchObject({ status: 409, code: 'ENTITY_IN_USE' })
})

test('a database at a closed port, or on a host nobody knows, fails the step and says where it looked', async () => {
  const database = await createCustomerDatabase('unreachable')
  const port = await freePort()
  const files = { 'db/changelog.sql': GOOD }
  await arrange({ name: 'closed', database, files, connection: { jdbcUrl: `jdbc:postgresql://127.0.0.1:${port}/x` } })
  await arrange({ name: 'nohost', database, files, connection: { jdbcUrl: 'jdbc:postgresql://db.invalid:5432/x' } })

  await expectFailure({ name: 'closed', database }, 'apply', new RegExp(`DATABASE_UNREACHABLE.*127.0.0.1.*${port}`))
  await expectFailure({ name: 'nohost', database }, 'apply', /DATABASE_UNREACHABLE.*db\.invalid/)
})

test('a wrong password fails the step, says so, and is shown nowhere', async () => {
  const database = await createCustomerDatabase('wrong_password')
  const password = 'certainly-not-the-password'
  await arrange({ name: 'wrong_password', database, files: { 'db/changelog.sql': GOOD }, connection: { password } })

  const run = await expectFailure({ name: 'wrong_password', database }, 'apply', /DATABASE_AUTHENTICATION_FAILED/)
  expect(JSON.stringify(run)).not.toContain(password)
})

test('an account that may only read previews, and is refused at apply before anything changes', async () => {
  const database = await createCustomerDatabase('read_only')
  await customerSql('postgres', `drop role if exists read_only_reader`)
  await customerSql('postgres', `create role read_only_reader login password 'reads only'`)
  const connection = { username: 'read_only_reader', password: 'reads only' }
  await arrange({
    name: 'read_only',
    database,
    files: { 'db/changelog.sql': GOOD },
    connection,
    steps: ['preview', 'apply'],
  })

  const run = await expectFailure({ name: 'read_only', database }, 'apply', /DATABASE_PRIVILEGE_MISSING/)
  expect(run.nodes.find((node) => node.identifier === 'preview')?.status).toBe('SUCCEEDED')
  expect(failureOf(run, 'apply')).toContain('read_only_reader')
  expect(await sessionsOf('read_only_reader')).toEqual([])
  const [lockTable] = await customerSql(database.name, `select to_regclass('databasechangeloglock') as found`)
  expect(lockTable?.['found']).toBeNull()
})

test('a branch that is not there fails the run, whether the control plane or the pod looks for it', async () => {
  const database = await createCustomerDatabase('no_branch')
  const shared = { database, files: { 'db/changelog.sql': GOOD }, branch: 'not-there' }
  await arrange({ ...shared, name: 'no_branch' })
  await arrange({ ...shared, name: 'no_branch_pod', executeOnDelegate: true })

  await expectFailure({ name: 'no_branch', database }, 'Initialize', /GIT_REF_NOT_FOUND.*not-there/)
  await expectFailure({ name: 'no_branch_pod', database }, 'apply', /GIT_REF_NOT_FOUND.*not-there/)
})

test('a file that is no changelog, and a path that is not there, fail with the file named and the database untouched', async () => {
  const database = await createCustomerDatabase('no_changelog')
  const files = { 'db/changelog.sql': GOOD, 'db/readme.yaml': 'hello: world\n', 'db/bad.yaml': 'a: [b\nc: d\n' }
  await arrange({ name: 'not_a_changelog', database, files, location: 'db/readme.yaml' })
  await arrange({ name: 'not_yaml', database, files, location: 'db/bad.yaml' })
  await arrange({ name: 'no_changelog', database, files, location: 'db/elsewhere.yaml' })

  await expectFailure({ name: 'not_a_changelog', database }, 'apply', /CHANGELOG_INVALID.*db\/readme\.yaml/)
  await expectFailure({ name: 'not_yaml', database }, 'apply', /CHANGELOG_INVALID.*db\/bad\.yaml:\d+/)
  await expectFailure({ name: 'no_changelog', database }, 'apply', /CHANGELOG_NOT_FOUND.*db\/elsewhere\.yaml/)
  expect(await tablesOf(database.name)).toEqual([])
})

test('a broken statement fails with file, line, statement and the words of the database, and rolls its changeset back', async () => {
  const database = await createCustomerDatabase('broken')
  const text = `${GOOD}
--changeset ana:two
create table two (id int primary key);
insert into two (nope) values (1);

--changeset ana:three
create table three (id int primary key);
`
  await arrange({ name: 'broken', database, files: { 'db/changelog.sql': text } })

  const run = await expectFailure({ name: 'broken', database }, 'apply', /STATEMENT_FAILED/)
  const sentence = failureOf(run, 'apply')
  const line = text.split('\n').findIndex((row) => row.startsWith('insert')) + 1
  expect(sentence).toContain(`db/changelog.sql:${line}`)
  expect(sentence).toContain('insert into two (nope) values (1)')
  expect(sentence).toContain('column "nope" of relation "two" does not exist')
  expect(await tablesOf(database.name)).toEqual(['one'])
  expect(await historyOf(database.name)).toEqual(['one'])
})

test('a changeset that was changed after it ran fails the next run and names both checksums', async () => {
  const database = await createCustomerDatabase('changed')
  await arrange({ name: 'changed', database, files: { 'db/changelog.sql': GOOD } })
  expect(await runToEnd(client, 'changed')).toMatchObject({ status: 'Success' })
  await commit('changed', {
    'db/changelog.sql': `${GOOD.replace('primary key', 'not null')}\n--changeset ana:two\ncreate table two (id int);\n`,
  })

  await expectFailure(
    { name: 'changed', database },
    'apply',
    /CHECKSUM_CHANGED.*one.*ana.*\b9:[0-9a-f]{32}\b.*\b9:[0-9a-f]{32}\b/s,
  )
  expect(await historyOf(database.name)).toEqual(['one'])
  expect(await tablesOf(database.name)).toEqual(['one'])
})

test("a run that meets somebody else's lock fails, names the holder, and leaves the lock to its holder", async () => {
  const database = await createCustomerDatabase('locked')
  await arrange({ name: 'locked', database, files: { 'db/changelog.sql': GOOD } })
  expect(await runToEnd(client, 'locked')).toMatchObject({ status: 'Success' })
  await commit('locked', { 'db/changelog.sql': `${GOOD}\n--changeset ana:two\ncreate table two (id int);\n` })
  await customerSql(
    database.name,
    `update databasechangeloglock set locked = true, lockgranted = now(), lockedby = 'workstation (10.1.2.3)'`,
  )

  const run = await runToEnd(client, 'locked')
  expect(run.status).toBe('Failed')
  expect(failureOf(run, 'apply')).toMatch(/CHANGELOG_LOCKED.*workstation \(10\.1\.2\.3\)/)
  expect(await locksOf(database.name)).toEqual({ row: 'workstation (10.1.2.3)', sessions: 0 })
  expect(await historyOf(database.name)).toEqual(['one'])

  await customerSql(database.name, 'update databasechangeloglock set locked = false, lockedby = null')
  expect(await runToEnd(client, 'locked')).toMatchObject({ status: 'Success' })
  await expectNothingLeftBehind(database)
})

test('a second run fails while one holds the lock; an abort in mid-statement cancels the first on the server', async () => {
  const database = await createCustomerDatabase('aborted')
  await arrange({ name: 'aborted', database, files: { 'db/changelog.sql': SLEEPER } })
  const first = await startRun(client, 'aborted')
  await waitForStatement(database, 'pg_sleep')

  const second = await runToEnd(client, 'aborted')
  expect(second.status).toBe('Failed')
  expect(failureOf(second, 'apply')).toMatch(/CHANGELOG_LOCKED/)
  expect((await readRun(client, first)).status).toBe('Running')
  expect((await locksOf(database.name)).sessions).toBe(1)

  await abort(first)
  const ended = await waitForRun(client, first, 30_000)
  expect(ended.status).toBe('Aborted')
  await expectNothingLeftBehind(database)
  expect(await tablesOf(database.name)).toEqual(['done'])
  expect(await historyOf(database.name)).toEqual(['done'])
})

test('a step that takes longer than its timeout is cancelled on the server and ends in a named failure', async () => {
  const database = await createCustomerDatabase('timed_out')
  await arrange({ name: 'timed_out', database, files: { 'db/changelog.sql': SLEEPER }, timeout: '10s' })

  const run = await runToEnd(client, 'timed_out')
  expect(['Failed', 'Expired']).toContain(run.status)
  expect(failureOf(run, 'apply')).toMatch(/TIME.*10/s)
  await expectNothingLeftBehind(database)
  expect(await tablesOf(database.name)).toEqual(['done'])
})

test('a run that no delegate may take says at once whom it waits for, and can be aborted', async () => {
  const database = await createCustomerDatabase('no_delegate')
  await arrange({
    name: 'no_delegate',
    database,
    files: { 'db/changelog.sql': GOOD },
    delegateSelectors: ['moon'],
  })
  const executionId = await startRun(client, 'no_delegate')

  const waiting = await until(
    async () => {
      const { nodes } = await readRun(client, executionId)
      // What is done before it waits (looking up, asking) is told as well.
      return nodes.map((node) => node.progressData?.message ?? '').find((message) => message.includes('moon'))
    },
    { what: 'the waiting sentence', deadlineMs: 5_000 },
  )
  expect(waiting).toContain('moon')
  await abort(executionId)
  expect((await waitForRun(client, executionId, 15_000)).status).toBe('Aborted')
  await expectNothingLeftBehind(database)
})

test('a run that no delegate takes in time fails and says which selector nobody has', async () => {
  const database = await createCustomerDatabase('no_delegate_ever')
  await arrange({
    name: 'no_delegate_ever',
    database,
    files: { 'db/changelog.sql': GOOD },
    delegateSelectors: ['mars'],
  })
  const set = (update: { updateType: 'UPDATE'; value: number } | { updateType: 'RESTORE' }) =>
    client.call(settings.updateSettings, {
      query: PROJECT,
      body: [{ identifier: 'delegate_queue_timeout_seconds', ...update }],
    })
  await set({ updateType: 'UPDATE', value: 5 })
  try {
    await expectFailure({ name: 'no_delegate_ever', database }, 'Initialize', /NO_ELIGIBLE_DELEGATES.*mars/s)
  } finally {
    await set({ updateType: 'RESTORE' })
  }
})

test.each([
  ['moved', 'branch', 'the control plane', { executeOnDelegate: false }],
  ['moved_pod', 'branch', 'only the pod', { executeOnDelegate: true }],
  ['retagged', 'tag', 'the control plane', { tag: 'v1' }],
  ['retagged_pod', 'tag', 'only the pod', { tag: 'v1', executeOnDelegate: true }],
])(
  '%s: a %s that moves between preview and apply, and that %s reads, changes nothing: apply runs what was previewed',
  async (name, _kind, _who, source: { tag?: string; executeOnDelegate?: boolean }) => {
    const { tag } = source
    const database = await createCustomerDatabase(name)
    await arrange({ name, database, files: { 'db/changelog.sql': GOOD }, ...source })
    await commit(name, {}, { tag })
    expect(await runToEnd(client, name)).toMatchObject({ status: 'Success' })
    const two = `${GOOD}\n--changeset ana:two\ncreate table two (id int);\n`
    await commit(name, { 'db/changelog.sql': two }, { tag })
    await client.call(pipelines.updatePipeline, {
      params: { identifier: name },
      query: PROJECT,
      body: stepsYaml({ name, steps: ['preview', 'apply'] }),
    })
    // The preview reads the history: it waits as long as this session holds the table.
    const url = new URL(system.customerUrl)
    url.pathname = `/${database.name}`
    const holder = new Client({ connectionString: url.toString() })
    await holder.connect()
    await holder.query('begin; lock table databasechangelog in access exclusive mode')
    const executionId = await startRun(client, name)
    await waitForStatement(database, 'databasechangelog')
    const unseen = `${two}\n--changeset ana:unseen\ncreate table unseen (id int);\n`
    await commit(name, { 'db/changelog.sql': unseen }, { tag })
    await holder.query('rollback')
    await holder.end()

    const run = await waitForRun(client, executionId)
    expect(run.failures).toEqual([])
    expect(run.status).toBe('Success')
    expect(await historyOf(database.name)).toEqual(['one', 'two'])
    await expectNothingLeftBehind(database)
  },
)

test('a database that somebody changes between preview and apply is left alone: the plan has moved', async () => {
  const database = await createCustomerDatabase('plan_moved')
  await arrange({
    name: 'plan_moved',
    database,
    files: { 'db/changelog.sql': GOOD },
    steps: ['preview', 'apply'],
  })
  await arrange({ name: 'plan_mover', database, files: { 'db/changelog.sql': GOOD } })
  await commit('plan_moved', { 'db/changelog.sql': `${GOOD}\n--changeset ana:two\ncreate table two (id int);\n` })
  expect(await runToEnd(client, 'plan_mover')).toMatchObject({ status: 'Success' })
  const url = new URL(system.customerUrl)
  url.pathname = `/${database.name}`
  const holder = new Client({ connectionString: url.toString() })
  await holder.connect()
  await holder.query('begin; lock table databasechangelog in access exclusive mode')
  const executionId = await startRun(client, 'plan_moved')
  await waitForStatement(database, 'databasechangelog')
  await holder.query('rollback')
  await until(
    async () => {
      const { nodes } = await readRun(client, executionId)
      return nodes.some((node) => node.identifier === 'preview' && node.status === 'SUCCEEDED')
    },
    { what: 'the preview to end', everyMs: 5, deadlineMs: 30_000 },
  )
  await holder.query('begin; lock table databasechangelog in access exclusive mode')
  await holder.query(`insert into databasechangelog select 'two', author, filename, dateexecuted, orderexecuted + 1,
    exectype, null, description, comments, tag, liquibase, contexts, labels, deployment_id from databasechangelog`)
  await holder.query('commit')
  await holder.end()

  const run = await waitForRun(client, executionId)
  expect(run.status).toBe('Failed')
  expect(failureOf(run, 'apply')).toMatch(/PLAN_MOVED/)
  expect(await tablesOf(database.name)).toEqual(['one'])
  await expectNothingLeftBehind(database)
})

test('after all of it nothing runs, waits or lies about', async () => {
  const page = await client.call(pipelines.listExecutions, {
    query: { ...PROJECT, pageIndex: 0, pageSize: 100 },
  })
  expect(page.content.filter((run) => run.endTs === undefined)).toEqual([])
  await until(async () => (await podFolders()).length <= 1, { what: 'the last pod to go' })
})

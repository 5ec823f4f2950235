import {
  baselineInstance,
  getChangeset,
  getDatabaseRequest,
  getMigrationState,
  refreshInstance,
  refreshSchema,
} from '@sluice/contracts/dbops'
import {
  getConnectorFile,
  getScmRequest,
  listConnectorBranches,
  listConnectorFiles,
} from '@sluice/contracts/scm-requests'
import { SubmitTask, type ChangesetReport, type ChangesetText, type TaskEvent } from '@sluice/contracts/tasks'
import { verifyTaskSignature, type Actor } from '@sluice/service-kit'
import { startGitServer, type GitServer } from '@sluice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expireRequests } from '../src/modules/direct/expire-requests.ts'
import {
  delegateInbox,
  makeFixture,
  newAccountId,
  onBehalfOf,
  onlyTask,
  project,
  putOutput,
  startNgManager,
  tellNgManager,
  type Running,
} from './start-ng-manager.ts'

let running: Running
let git: GitServer
beforeAll(async () => {
  running = await startNgManager({ scm: true })
  git = await startGitServer(running.ca)
})
afterAll(async () => {
  await running.stop()
  await git.dispose()
})

const orders = { ...project, schema: 'orders' }
const stg = { ...orders, instance: 'stg' }
const commit = 'c'.repeat(40)
const changesets: ChangesetReport[] = [
  { id: '1', author: 'ann', path: 'db/a.sql', status: 'deployed', deployedAt: 500, orderExecuted: 1 },
  { id: '2', author: 'ann', path: 'db/a.sql', status: 'pending' },
]
const texts: ChangesetText[] = changesets.map(({ id, author, path }) => ({
  id,
  author,
  path,
  sql: `select ${id};`,
  truncated: false,
  statementCount: 1,
  rollbackTruncated: false,
  runAlways: false,
  runOnChange: false,
  runInTransaction: true,
}))
const phases = [{ phase: 'git' as const, ok: true, durationMs: 3 }]

const refresh = (actor: Actor, waitSeconds = 0) =>
  running.client.call(refreshInstance, { params: stg, query: { waitSeconds } }, { actor })
const look = (actor: Actor, requestId: string, waitSeconds = 20) =>
  running.client.call(getDatabaseRequest, { params: { ...orders, requestId }, query: { waitSeconds } }, { actor })
const matrixOf = (actor: Actor) => running.dbops.call(getMigrationState, { params: orders, body: {} }, { actor })

async function finished(
  accountId: string,
  taskId: string,
  more: Partial<Extract<TaskEvent, { kind: 'task.finished' }>>,
): Promise<void> {
  await tellNgManager(running, accountId, {
    kind: 'task.finished',
    taskId,
    attemptId: taskId,
    taskKind: 'db.status',
    delegateName: 'laptop',
    result: {
      outcome: 'succeeded',
      outputs: { commit },
      units: [],
      data: { phases, commit, hasHistory: true, baselineCount: 1 },
    },
    large: [],
    finishedAt: Date.now(),
    ...more,
  })
}

const failed = (message: string) => ({
  outcome: 'failed' as const,
  failure: { code: 'DATABASE_UNREACHABLE', message, failureTypes: ['Connectivity' as const] },
  outputs: {},
  units: [],
  data: { phases: [...phases, { phase: 'tcp', ok: false, durationMs: 1 }] },
})

describe('a refresh', () => {
  test('becomes one signed task of its own, and its result the matrix; who waits is woken', async () => {
    const { accountId, editor, databaseSecretId, gitSecretId } = await makeFixture(running)
    const started = await refresh(editor)
    expect(started).toMatchObject({ kind: 'refresh', status: 'RUNNING', dbInstance: 'stg', phases: [] })
    expect((await refresh(editor)).requestId).toBe(started.requestId)

    const task = await onlyTask(running, accountId)
    expect(task).toMatchObject({
      taskId: started.requestId,
      replyTo: 'ngm.inbox',
      capabilities: ['task:db.status'],
      secrets: [{ secretId: databaseSecretId }, { secretId: gitSecretId }],
      selectors: [{ selector: 'stg' }, { selector: 'git' }],
      task: { kind: 'db.status', parameters: { step: { run: { operation: 'status' }, lockWaitMs: 10_000 } } },
    })
    await verifyTaskSignature(running.identity, task)

    const waiting = look(editor, started.requestId)
    await tellNgManager(running, accountId, {
      kind: 'task.waiting',
      taskId: started.requestId,
      attemptId: started.requestId,
      message: 'laptop: busy',
    })
    const large = [
      await putOutput(running, accountId, 'changesets', changesets),
      await putOutput(running, accountId, 'texts', texts),
    ]
    await finished(accountId, started.requestId, { large })
    expect(await waiting).toMatchObject({
      status: 'SUCCESS',
      delegateName: 'laptop',
      commit,
      phases,
      hasHistory: true,
      baselineCount: 1,
      counts: { total: 2, deployed: 1, pending: 1 },
    })
    const { changeSets, overview } = await matrixOf(editor)
    expect(changeSets[0]?.instances).toMatchObject([{ state: 'deployed', provenance: { seenBy: 'refresh' } }])
    expect(overview).toMatchObject([{ instance: 'stg', commit, counts: { deployed: 1, pending: 1 } }])
    const query = { fileName: 'db/a.sql', author: 'ann', id: '2' }
    expect(await running.dbops.call(getChangeset, { params: orders, query }, { actor: editor })).toMatchObject({
      sql: 'select 2;',
    })
    // The next one is a new one.
    expect((await refresh(editor)).requestId).not.toBe(started.requestId)
  })

  test('that failed tells its phases and sentence, and the instance shows why', async () => {
    const { accountId, editor } = await makeFixture(running)
    const { requestId } = await refresh(editor)
    await finished(accountId, requestId, { result: failed('Nobody listens.') })
    expect(await look(editor, requestId)).toMatchObject({
      status: 'FAILURE',
      phases: [{ ok: true }, { phase: 'tcp', ok: false }],
      error: { code: 'DATABASE_UNREACHABLE', message: 'Nobody listens.' },
    })
    expect((await matrixOf(editor)).overview).toMatchObject([
      { lastFailure: { code: 'DATABASE_UNREACHABLE', message: 'Nobody listens.' } },
    ])
  })

  test('whose result never comes ends by itself', async () => {
    const { accountId, editor } = await makeFixture(running)
    const { requestId } = await refresh(editor)
    await running.admin.query(`update ngm.direct_request set deadline = now() - interval '1 s' where account_id = $1`, [
      accountId,
    ])
    await expireRequests(running.deps, new AbortController().signal)
    expect(await look(editor, requestId)).toMatchObject({ status: 'FAILURE', error: { code: 'TASK_TIMED_OUT' } })
  })

  test('of a whole schema asks for every instance; one that can not be asked says why', async () => {
    const { accountId, editor } = await makeFixture(running)
    await running.admin.query(
      `insert into dbdevops.db_instance (account_id, id, schema_id, identifier, name, tags, connector, branch, properties, created_at, updated_at)
       select account_id, 'ins-lost', schema_id, 'lost', 'Lost', '{}', 'nowhere', 'main', '{}', now(), now() from dbdevops.db_instance where account_id = $1`,
      [accountId],
    )
    const { requests } = await running.client.call(refreshSchema, { params: orders }, { actor: editor })
    const byInstance = new Map(requests.map((request) => [request.dbInstance, request]))
    expect(byInstance.get('stg')).toMatchObject({ status: 'RUNNING' })
    expect(byInstance.get('lost')).toMatchObject({ status: 'FAILURE', error: { code: 'REFERENCE_NOT_FOUND' } })
    expect(await delegateInbox(running, accountId)).toHaveLength(1)
    const unknown = running.client.call(
      refreshSchema,
      { params: orders, body: { instances: ['x'] } },
      { actor: editor },
    )
    await expect(unknown).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' })
  })

  test('of a schema with more instances than a page finds the last of them', async () => {
    const { accountId, editor } = await makeFixture(running)
    await running.admin.query(
      `insert into dbdevops.db_instance (account_id, id, schema_id, identifier, name, tags, connector, branch, properties, created_at, updated_at)
       select account_id, 'ins-' || n, schema_id, 'db_' || n, 'Database', '{}', 'nowhere', 'main', '{}', now() + n * interval '1 s', now()
         from dbdevops.db_instance, generate_series(1, 210) n where account_id = $1`,
      [accountId],
    )
    const { requests } = await running.client.call(
      refreshSchema,
      { params: orders, body: { instances: ['db_210'] } },
      { actor: editor },
    )
    expect(requests).toMatchObject([{ dbInstance: 'db_210', error: { code: 'REFERENCE_NOT_FOUND' } }])
  })

  test('needs somebody who may use the connector, in his own account', async () => {
    const { accountId, editor } = await makeFixture(running)
    const { requestId } = await refresh(editor)
    const viewer = await running.person(accountId, 'viewer')
    await expect(refresh(viewer)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    expect(await look(viewer, requestId, 0)).toMatchObject({ status: 'RUNNING' })
    const stranger = await running.person(newAccountId(), 'admin')
    await expect(look(stranger, requestId, 0)).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' })
    await expect(refresh(stranger)).rejects.toMatchObject({ code: 'REFERENCE_NOT_FOUND' })
    const nobody = { ...onBehalfOf(editor), featureFlags: [] }
    await expect(refresh({ ...editor, featureFlags: [], token: 'nonsense' })).rejects.toMatchObject({
      code: 'INVALID_TOKEN',
    })
    await expect(look(nobody, 'x'.repeat(80), 0)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('a baseline', () => {
  const mark = (actor: Actor, body: { expectedCount: number }) =>
    running.client.call(baselineInstance, { params: stg, body }, { actor })

  test('goes with the confirmed number, is audited, and refreshes the matrix', async () => {
    const { accountId, editor } = await makeFixture(running)
    const { requestId } = await mark(editor, { expectedCount: 2 })
    expect((await onlyTask(running, accountId)).task).toMatchObject({
      kind: 'db.baseline',
      parameters: { step: { run: { operation: 'baseline', expectedCount: 2 } } },
    })
    const audit = await running.admin.query(
      `select body from ng.inbox where account_id = $1 and kind = 'audit.event'`,
      [accountId],
    )
    expect(audit.rows.map(({ body }) => body)).toContainEqual(
      expect.objectContaining({ action: 'RUN', after: { baseline: { expectedCount: 2, upTo: null } } }),
    )
    const large = [
      await putOutput(
        running,
        accountId,
        'changesets',
        changesets.map((changeset) => ({ ...changeset, status: 'deployed' })),
      ),
    ]
    const data = { phases, commit, hasHistory: true, baselineCount: 0, markedCount: 2 }
    await finished(accountId, requestId, {
      taskKind: 'db.baseline',
      result: { outcome: 'succeeded', outputs: { commit, markedCount: 2 }, units: [], data },
      large,
    })
    expect(await look(editor, requestId)).toMatchObject({ kind: 'baseline', markedCount: 2, counts: { deployed: 2 } })
    expect((await matrixOf(editor)).changeSets[1]?.instances).toMatchObject([
      { state: 'deployed', provenance: { seenBy: 'baseline' } },
    ])
  })

  test('is not for viewers, and needs a number', async () => {
    const { accountId, editor } = await makeFixture(running)
    const viewer = await running.person(accountId, 'viewer')
    await expect(mark(viewer, { expectedCount: 2 })).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    await expect(mark(editor, { expectedCount: 0 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await delegateInbox(running, accountId)).toEqual([])
  })
})

describe('a repository', () => {
  const where = { connectorIdentifierRef: 'account.github', orgIdentifier: 'default', projectIdentifier: 'shop' }

  async function connect(accountId: string, spec: object): Promise<void> {
    const whole = { type: 'Repo', authentication: { type: 'Anonymous' }, executeOnDelegate: false, ...spec }
    await running.admin.query(`update ng.connector set spec = $2 where account_id = $1 and type = 'Github'`, [
      accountId,
      JSON.stringify(whole),
    ])
  }

  test('without credentials is read by the control plane: branches, a folder with its changelogs, a file', async () => {
    const { accountId, editor } = await makeFixture(running)
    const { url, firstCommit } = await git.createRepository('open', {
      'db/changelog-master.yaml': 'databaseChangeLog: []\n',
      'db/v1/a.sql': 'select 1;',
      'README.md': 'x',
    })
    await connect(accountId, { url })
    const branches = await running.client.call(listConnectorBranches, { query: where }, { actor: editor })
    expect(branches).toMatchObject({
      status: 'SUCCESS',
      via: 'control-plane',
      branches: { items: [{ name: 'main', commit: firstCommit }], defaultBranch: 'main', total: 1 },
    })
    const query = { ...where, branch: 'main' }
    const folder = await running.client.call(listConnectorFiles, { query }, { actor: editor })
    expect(folder).toMatchObject({
      folder: {
        entries: [
          { name: 'README.md', type: 'file' },
          { name: 'db', type: 'folder' },
        ],
        changelogs: [{ path: 'db/changelog-master.yaml', format: 'yaml' }],
      },
    })
    const file = await running.client.call(
      getConnectorFile,
      { query: { ...query, filePath: 'db/changelog-master.yaml' } },
      { actor: editor },
    )
    expect(file).toMatchObject({ file: { content: 'databaseChangeLog: []\n', commit: firstCommit } })
    const missing = running.client.call(listConnectorFiles, { query: { ...where, branch: 'nope' } }, { actor: editor })
    await expect(missing).rejects.toMatchObject({ code: 'GIT_REF_NOT_FOUND' })
    const both = running.client.call(listConnectorFiles, { query: { ...query, tag: 'v1' } }, { actor: editor })
    await expect(both).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await delegateInbox(running, accountId)).toEqual([])
  })

  test('with credentials is read by a delegate, and told to whoever asked', async () => {
    const { accountId, editor, gitSecretId } = await makeFixture(running)
    const query = { ...where, repoName: 'shop-db', branch: 'main', waitSeconds: 0 }
    const started = await running.client.call(listConnectorFiles, { query }, { actor: editor })
    expect(started).toMatchObject({ status: 'RUNNING', via: 'delegate' })
    const task = SubmitTask.parse((await delegateInbox(running, accountId))[0]?.body)
    expect(task).toMatchObject({
      capabilities: ['task:scm.call'],
      secrets: [{ secretId: gitSecretId }],
      task: {
        kind: 'scm.call',
        parameters: { url: 'https://git.test/acme/shop-db', username: 'bot', call: { read: 'folder', branch: 'main' } },
      },
    })
    const requestId = started.requestId ?? ''
    const listing = { path: '', commit, entries: [], truncated: false, paths: ['db/changelog.xml'] }
    await finished(accountId, requestId, {
      taskKind: 'scm.call',
      result: { outcome: 'succeeded', outputs: {}, units: [], data: { listing } },
    })
    const scope = { orgIdentifier: 'default', projectIdentifier: 'shop' }
    const ask = (actor: Actor) => running.client.call(getScmRequest, { params: { requestId }, query: scope }, { actor })
    expect(await ask(editor)).toMatchObject({
      status: 'SUCCESS',
      via: 'delegate',
      delegateName: 'laptop',
      folder: { changelogs: [{ path: 'db/changelog.xml', format: 'xml' }] },
    })
    const other = await running.person(accountId, 'editor')
    await expect(ask(other)).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' })
    const viewer = await running.person(accountId, 'viewer')
    await expect(running.client.call(listConnectorFiles, { query }, { actor: viewer })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
    })
  })

  test('where the control plane may not go is left to a delegate', async () => {
    const { accountId, editor } = await makeFixture(running)
    await connect(accountId, { url: 'https://127.0.0.1/closed.git' })
    const query = { ...where, waitSeconds: 0 }
    expect(await running.client.call(listConnectorBranches, { query }, { actor: editor })).toMatchObject({
      status: 'RUNNING',
      via: 'delegate',
    })
    expect((await onlyTask(running, accountId)).secrets).toEqual([])
  })
})

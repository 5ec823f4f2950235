import { submitStep, type SubmitStep } from '@sluice/contracts/steps'
import { SubmitTask, type GitSource } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import { startGitServer, type GitServer } from '@sluice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  applyOf,
  attempt,
  delegateInbox,
  makeFixture,
  previewOf,
  startNgManager,
  type Running,
} from './start-ng-manager.ts'

let running: Running
let git: GitServer
let locked: GitServer
beforeAll(async () => {
  running = await startNgManager({ scm: true })
  git = await startGitServer(running.ca)
  locked = await startGitServer(running.ca, { credentials: { username: 'bot', password: 'pw' } })
})
afterAll(async () => {
  await running.stop()
  await git.dispose()
  await locked.dispose()
})

const submit = (actor: Actor, body: SubmitStep) => running.client.call(submitStep, { body }, { actor })

/** Points the account's git connector at a repository that the control plane may try to read. */
async function connect(accountId: string, url: string): Promise<void> {
  const spec = { url, type: 'Repo', authentication: { type: 'Anonymous' }, executeOnDelegate: false }
  await running.admin.query(`update ng.connector set spec = $2 where account_id = $1 and type = 'Github'`, [
    accountId,
    JSON.stringify(spec),
  ])
}

async function sources(accountId: string): Promise<GitSource[]> {
  const rows = await delegateInbox(running, accountId)
  return rows.flatMap(({ body }) => {
    const { task } = SubmitTask.parse(body)
    return task.kind === 'pod.execute' ? [task.parameters.step.source] : []
  })
}

test('the control plane finds the commit behind the branch, and the execution keeps it when the branch moves on', async () => {
  const { accountId, runner } = await makeFixture(running)
  const repository = await git.createRepository('orders', { 'db/changelog.yaml': 'databaseChangeLog: []' })
  await connect(accountId, repository.url)
  const context = attempt(accountId)
  await submit(runner, previewOf(context))
  const moved = await repository.commit({ 'db/changelog.yaml': 'databaseChangeLog: [] # more' })
  await running.admin.query('delete from scm.ref_cache')
  await submit(runner, applyOf(attempt(accountId, { executionId: context.executionId })))

  const [preview, apply] = await sources(accountId)
  expect(preview).toMatchObject({ branch: 'main', commit: repository.firstCommit })
  expect(apply?.commit).toBe(repository.firstCommit)
  expect(moved).not.toBe(repository.firstCommit)
})

test('an instance that was pointed at another ref meanwhile is not held to the old commit', async () => {
  const { accountId, runner } = await makeFixture(running)
  const repository = await git.createRepository('stock', { 'a.sql': 'select 1' })
  const release = await repository.commit({ 'a.sql': 'select 2' }, { branch: 'release' })
  await connect(accountId, repository.url)
  const context = attempt(accountId)
  await submit(runner, previewOf(context))
  await running.admin.query(`update dbdevops.db_instance set branch = 'release' where account_id = $1`, [accountId])
  await submit(runner, applyOf(attempt(accountId, { executionId: context.executionId })))

  const [, apply] = await sources(accountId)
  expect(apply).toMatchObject({ branch: 'release', commit: release })
})

test('a branch that is not there fails before anything is queued', async () => {
  const { accountId, runner } = await makeFixture(running, { branch: 'nope' })
  const repository = await git.createRepository('billing', { 'a.sql': 'select 1' })
  await connect(accountId, repository.url)

  await expect(submit(runner, previewOf(attempt(accountId)))).rejects.toMatchObject({
    code: 'GIT_REF_NOT_FOUND',
    message: expect.stringContaining('nope'),
  })
  expect(await delegateInbox(running, accountId)).toEqual([])
})

test('a repository that asks for credentials, and a host that the control plane may not call, are left to the pod', async () => {
  const { accountId, runner } = await makeFixture(running)
  const repository = await locked.createRepository('private', { 'a.sql': 'select 1' })
  for (const url of [repository.url, 'https://127.0.0.1:1/a.git']) {
    await connect(accountId, url)
    await submit(runner, previewOf(attempt(accountId)))
  }

  const found = await sources(accountId)
  expect(found).toMatchObject([{ url: repository.url, branch: 'main' }, { branch: 'main' }])
  expect(found.map(({ commit }) => commit)).toEqual([undefined, undefined])
})

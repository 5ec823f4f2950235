import { LOG_TOKEN_AUDIENCE } from '@sluice/contracts/logs'
import { cancelStep, submitStep, type SubmitStep } from '@sluice/contracts/steps'
import { type Actor, verifyServiceToken, verifyTaskSignature } from '@sluice/service-kit'
import { createRedis } from '@sluice/database'
import { secretReference } from '@sluice/expressions'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeOld } from '../src/workers/housekeeping.ts'
import {
  ACCOUNT,
  applyOf,
  attempt,
  delegateInbox,
  gitSpec,
  LOG_SERVICE_URL,
  makeConnector,
  makeFixture,
  newAccountId,
  onBehalfOf,
  onlyTask,
  previewOf,
  startNgManager,
  type Running,
} from './start-ng-manager.ts'

let running: Running
beforeAll(async () => {
  running = await startNgManager()
})
afterAll(() => running.stop())

const submit = (actor: Actor, body: SubmitStep) => running.client.call(submitStep, { body }, { actor })

describe('a step becomes one task', () => {
  test('with target, source and filters resolved, and secrets by reference only', async () => {
    const { accountId, runner, databaseSecretId, gitSecretId } = await makeFixture(running, {
      context: 'stg',
      substituteProperties: { region: 'eu' },
      database: 'tenant_7',
      schema: 'sales',
    })
    const context = attempt(accountId)
    const { taskId } = await submit(runner, previewOf(context))

    const task = await onlyTask(running, accountId)
    expect(task).toMatchObject({
      taskId,
      accountId,
      attemptId: context.attemptId,
      delegateId: 'dlg-1',
      replyTo: 'pipeline.inbox',
      principal: runner.principal,
      queueTimeoutMs: 60_000,
      timeoutMs: 600_000,
      selectors: [
        { selector: 'linux', origin: 'step' },
        { selector: 'stg', origin: 'connector' },
        { selector: 'git', origin: 'connector' },
      ],
      secrets: [
        { name: `secret.${databaseSecretId}.3`, secretId: databaseSecretId, version: 3 },
        { name: `secret.${gitSecretId}.3`, secretId: gitSecretId, version: 3 },
      ],
      task: {
        kind: 'pod.execute',
        parameters: {
          podId: context.podId,
          stepName: 'db-step',
          logKey: context.logKey,
          step: {
            run: { operation: 'preview' },
            source: {
              url: 'https://git.test/acme/shop-db',
              branch: 'main',
              location: 'db/changelog.yaml',
              username: 'bot',
              passwordSecret: `secret.${gitSecretId}.3`,
            },
            target: {
              jdbcUrl: 'jdbc:postgresql://db.test:5432/orders',
              username: 'deployer',
              passwordSecret: `secret.${databaseSecretId}.3`,
              database: 'tenant_7',
              schema: 'sales',
            },
            filters: { context: 'stg', properties: { region: 'eu' } },
          },
        },
      },
    })
  })

  test('signed by ng-manager over exactly the parameters and secrets that were stored', async () => {
    const { accountId, runner } = await makeFixture(running)
    await submit(runner, previewOf(attempt(accountId)))
    const task = await onlyTask(running, accountId)

    await expect(verifyTaskSignature(running.identity, task)).resolves.toBeUndefined()
    const changed = { ...task, secrets: task.secrets.slice(1) }
    await expect(verifyTaskSignature(running.identity, changed)).rejects.toMatchObject({ code: 'TASK_REJECTED' })
  })

  test('once, however often and however concurrently it is submitted, with an id-only job', async () => {
    const { accountId, runner } = await makeFixture(running)
    const body = previewOf(attempt(accountId))
    const answers = await Promise.all([submit(runner, body), submit(runner, body), submit(runner, body)])
    answers.push(await submit(runner, body))

    expect(new Set(answers.map(({ taskId }) => taskId)).size).toBe(1)
    const messages = await delegateInbox(running, accountId)
    expect(messages).toMatchObject([
      {
        id: `${body.context.attemptId}.pod.execute`,
        kind: 'task.submit',
        sender: 'sluice_ng_manager',
        body: { taskId: answers[0]?.taskId },
      },
    ])
    const redis = createRedis({
      url: running.redisUrl,
      onError: (error) => {
        throw error
      },
    })
    const jobs = await redis.keys('sluice:delegate.inbox:*')
    const bodies = (
      await Promise.all(jobs.filter((key) => /:\d+$/.test(key)).map((key) => redis.hget(key, 'data')))
    ).join()
    await redis.quit()
    expect(bodies).toContain(`${body.context.attemptId}.pod.execute`)
    expect(bodies).not.toContain('jdbc:')
  })

  test('init holds one container for all database steps, the secrets of all, and a log token for its own logs', async () => {
    const { accountId, runner, databaseSecretId } = await makeFixture(running)
    const context = attempt(accountId)
    const one = { identifier: 'preview', type: 'DBSchemaUpdateSQL' as const, dbSchema: 'orders', dbInstance: 'stg' }
    await submit(runner, {
      kind: 'pod.init',
      context,
      runtime: 'process',
      steps: [one, { ...one, identifier: 'apply', type: 'DBSchemaApply' }],
      stepNodeIds: ['nod-preview', 'nod-apply'],
      podTimeoutMs: 600_000,
    })

    const task = await onlyTask(running, accountId)
    expect(task).toMatchObject({ capabilities: ['runtime:process'], secrets: [{ secretId: databaseSecretId }, {}] })
    if (task.task.kind !== 'pod.init') throw new Error('an init was submitted')
    const { parameters } = task.task
    expect(parameters).toMatchObject({
      podId: context.podId,
      logServiceUrl: LOG_SERVICE_URL,
      steps: [{ name: 'db-step', kind: 'db-step' }],
    })
    const claims = await verifyServiceToken({
      identity: running.identity,
      token: parameters.logToken,
      issuer: 'ng-manager',
      audience: LOG_TOKEN_AUDIENCE,
    })
    expect(claims).toMatchObject({
      accountId,
      prefix: `${accountId}/${context.executionId}`,
      within: [context.nodeExecutionId, 'nod-preview', 'nod-apply'],
    })
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(600 + 3_600)
  })

  test('cleanup is submitted and cancels are sent also after the runner has left', async () => {
    const { accountId, runner } = await makeFixture(running)
    const context = attempt(accountId)
    const { taskId } = await submit(runner, previewOf(context))
    await running.admin.query('update ng.user_account set disabled = true where account_id = $1', [accountId])
    await submit(runner, { kind: 'pod.cleanup', context: attempt(accountId), delegateId: 'dlg-1' })
    const cancel = () =>
      running.client.call(
        cancelStep,
        { params: { attemptId: context.attemptId }, body: { taskId, reason: 'aborted by ann' } },
        { actor: runner },
      )
    await cancel()
    await cancel()

    const messages = await delegateInbox(running, accountId)
    expect(messages.map(({ kind }) => kind)).toEqual(['task.submit', 'task.submit', 'task.cancel'])
    expect(messages[1]?.body).not.toHaveProperty('replyTo')
    expect(messages[2]?.body).toMatchObject({ taskId, reason: 'aborted by ann' })
    await expect(
      running.client.call(
        cancelStep,
        { params: { attemptId: context.attemptId }, body: { taskId: 'tsk-other', reason: '' } },
        { actor: runner },
      ),
    ).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' })
  })
})

describe('what can not be resolved fails in a sentence, and queues nothing', () => {
  test.each([
    { name: 'a schema', over: { dbSchema: 'nope' }, message: /DB schema "nope"/ },
    { name: 'an instance', over: { dbInstance: 'nope' }, message: /instance "nope"/ },
  ])('$name that is not there', async ({ over, message }) => {
    const { accountId, runner } = await makeFixture(running)

    await expect(submit(runner, previewOf(attempt(accountId), over))).rejects.toMatchObject({
      code: 'REFERENCE_NOT_FOUND',
      message: expect.stringMatching(message),
    })
    expect(await delegateInbox(running, accountId)).toEqual([])
  })

  test('a connector or a secret that is not there, named with its scope and its user', async () => {
    const { accountId, runner } = await makeFixture(running, { connector: 'org.orders_jdbc' })
    await expect(submit(runner, previewOf(attempt(accountId)))).rejects.toMatchObject({
      code: 'REFERENCE_NOT_FOUND',
      message: expect.stringMatching(
        /no connector "orders_jdbc" in organisation "default"; DB instance "stg" .* "org.orders_jdbc"/,
      ),
    })

    const other = await makeFixture(running)
    await running.admin.query(
      `update ng.secret set identifier = 'renamed' where account_id = $1 and identifier = 'git_token'`,
      [other.accountId],
    )
    await expect(submit(other.runner, previewOf(attempt(other.accountId)))).rejects.toMatchObject({
      code: 'REFERENCE_NOT_FOUND',
      message: expect.stringMatching(/no secret "git_token" in the account; git connector "account.github"/),
    })
  })

  test('a connector of the wrong type, and an account connector without a repository', async () => {
    const { accountId, runner } = await makeFixture(running, { connector: 'account.github' })
    await expect(submit(runner, previewOf(attempt(accountId)))).rejects.toMatchObject({
      code: 'CONNECTOR_TYPE_MISMATCH',
      message: expect.stringMatching(/has type "Github".*"JDBC" is needed/),
    })

    const other = await makeFixture(running)
    await running.admin.query(`update dbdevops.db_schema set changelog = changelog - 'repo' where account_id = $1`, [
      other.accountId,
    ])
    await expect(submit(other.runner, previewOf(attempt(other.accountId)))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('changelog.repo'),
    })
  })

  test('a secret in a tag, without showing the token of the execution', async () => {
    const { accountId, runner } = await makeFixture(running)
    const token = 't'.repeat(40)
    const refused = submit(runner, applyOf(attempt(accountId), { tag: `rel-${secretReference(token, 'orders_pw')}` }))

    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('<+secrets.getValue("orders_pw")>'),
    })
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining(token) })
  })

  test('a reference that is wrong fails at init already', async () => {
    const { accountId, runner } = await makeFixture(running)
    const step = { identifier: 'apply', type: 'DBSchemaApply' as const, dbSchema: 'orders', dbInstance: 'nope' }

    await expect(
      submit(runner, {
        kind: 'pod.init',
        context: attempt(accountId),
        runtime: 'process',
        steps: [step],
        stepNodeIds: [],
      }),
    ).rejects.toMatchObject({ code: 'REFERENCE_NOT_FOUND' })
    expect(await delegateInbox(running, accountId)).toEqual([])
  })

  test('scm-service that is down is named by its edge', async () => {
    const { accountId, runner } = await makeFixture(running)
    const reachable = { ...gitSpec, executeOnDelegate: false }
    await running.admin.query(`update ng.connector set spec = $2 where account_id = $1 and type = 'Github'`, [
      accountId,
      JSON.stringify(reachable),
    ])

    await expect(submit(runner, previewOf(attempt(accountId)))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      message: expect.stringContaining('ng-manager → scm-service'),
    })
  })
})

describe('who may', () => {
  test('a viewer does not run, a project editor does not use what lies above, somebody who left does nothing', async () => {
    // Background work reads bindings at most every five seconds: everybody is there before the first call.
    const accountId = newAccountId()
    const viewer = onBehalfOf(await running.person(accountId, 'viewer'))
    const project = { accountId, orgIdentifier: 'default', projectIdentifier: 'shop' }
    const projectEditor = onBehalfOf(await running.person(accountId, 'editor', project))
    const gone = { ...viewer, principal: { type: 'USER' as const, id: 'usr-gone', name: 'gone' } }
    const { runner } = await makeFixture(running, {}, accountId)

    await expect(submit(viewer, previewOf(attempt(accountId)))).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('core_pipeline_execute'),
    })
    await expect(submit(projectEditor, previewOf(attempt(accountId)))).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringMatching(/core_connector_access.*the account/),
    })
    await expect(submit(gone, previewOf(attempt(accountId)))).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    // What may be used is asked for the person who wrote the pipeline, too.
    for (const { principal } of [viewer, projectEditor, gone]) {
      await expect(submit(runner, previewOf(attempt(accountId, { editor: principal })))).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        message: expect.stringMatching(new RegExp(`last saved by "${principal.name}".*core_secret_access`)),
      })
    }
    expect(await delegateInbox(running, accountId)).toEqual([])
    await submit(runner, previewOf(attempt(accountId, { editor: runner.principal })))
  })

  test("another account's context is refused, and its identical identifiers resolve to its own things", async () => {
    const one = await makeFixture(running)
    const two = await makeFixture(running)
    await expect(submit(one.runner, previewOf(attempt(two.accountId)))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })

    await submit(two.runner, previewOf(attempt(two.accountId)))
    const task = await onlyTask(running, two.accountId)
    expect(task.secrets.map(({ secretId }) => secretId)).toEqual([two.databaseSecretId, two.gitSecretId])
  })

  test('a token does not submit steps', async () => {
    const { accountId, editor } = await makeFixture(running)
    await expect(submit(editor, previewOf(attempt(accountId)))).rejects.toMatchObject({ code: 'PEER_NOT_ALLOWED' })
  })
})

describe('pinning', () => {
  test('a commit named by the instance is used as it is, and the plan hash of the submission goes along', async () => {
    const commitSha = 'b'.repeat(40)
    const { accountId, runner } = await makeFixture(running, { branch: undefined, commitSha })
    await submit(runner, applyOf(attempt(accountId), { planHash: 'cafe', tag: 'rel-1' }))

    const { task } = await onlyTask(running, accountId)
    expect(task).toMatchObject({
      parameters: {
        step: { source: { commit: commitSha }, run: { operation: 'apply', planHash: 'cafe', tag: 'rel-1' } },
      },
    })
  })

  test('a connector in the account is found beside one of the same name in the project', async () => {
    const { accountId, runner } = await makeFixture(running, { connector: 'account.orders_jdbc' })
    const spec = { url: 'jdbc:postgresql://above.test:5432/orders', auth: { type: 'None' } }
    await makeConnector(running.admin, accountId, { identifier: 'orders_jdbc', type: 'JDBC', spec }, ACCOUNT)
    await submit(runner, previewOf(attempt(accountId)))

    const { task } = await onlyTask(running, accountId)
    expect(task).toMatchObject({
      parameters: { step: { target: { jdbcUrl: 'jdbc:postgresql://above.test:5432/orders' } } },
    })
  })
})

test('what was asked for long ago is removed, with all that was kept for its report', async () => {
  const { accountId, runner } = await makeFixture(running)
  await submit(runner, previewOf(attempt(accountId)))
  const kept = () => running.deps.prisma.stepContext.count({ where: { accountId } })
  const { signal } = new AbortController()

  await removeOld(running.deps, Date.now() + 80 * 86_400_000, signal)
  expect(await kept()).toBe(1)
  await removeOld(running.deps, Date.now() + 100 * 86_400_000, signal)
  expect(await kept()).toBe(0)
})

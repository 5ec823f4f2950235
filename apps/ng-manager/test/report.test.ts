import {
  deleteDbInstance,
  getDeployedState,
  getMigrationState,
  listDbSchemas,
  listPlans,
} from '@sluice/contracts/dbops'
import { newId } from '@sluice/contracts/ids'
import type { RouteBody } from '@sluice/contracts/routes'
import { reportStep, submitStep, type AttemptContext, type SubmitStep } from '@sluice/contracts/steps'
import { SubmitTask, type ChangesetReport, type TaskOutputRef } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  applyOf,
  attempt,
  delegateInbox,
  makeFixture,
  previewOf,
  project,
  putOutput as putOutputOf,
  startNgManager,
  type Running,
} from './start-ng-manager.ts'

let running: Running
beforeAll(async () => {
  running = await startNgManager()
})
afterAll(() => running.stop())

type Report = RouteBody<typeof reportStep>

const submit = (actor: Actor, body: SubmitStep) => running.client.call(submitStep, { body }, { actor })
const report = (actor: Actor, context: AttemptContext, body: Report) =>
  running.client.call(reportStep, { params: { attemptId: context.attemptId }, body }, { actor })

const putOutput = (accountId: string, name: TaskOutputRef['name'], value: unknown) =>
  putOutputOf(running, accountId, name, value)

const commit = 'c'.repeat(40)
const changesets: ChangesetReport[] = [
  { id: '1', author: 'ann', path: 'db/a.sql', status: 'deployed', deployedAt: 500, orderExecuted: 1 },
  { id: '2', author: 'ann', path: 'db/a.sql', status: 'pending' },
]
const plan = {
  version: 1,
  hash: 'f00d',
  changelog: { path: 'db/changelog.yaml', digest: 'd', commit },
  steps: [
    { changeSet: { id: '2', author: 'ann', filePath: 'db/a.sql' }, statements: [{ sql: 'create table a (id int)' }] },
  ],
}

function succeeded(taskId: string, large: TaskOutputRef[], outputs: Record<string, string | number> = {}): Report {
  return { taskId, result: { outcome: 'succeeded', outputs, units: [] }, large, finishedAt: 1_000_000 }
}

/** A preview that was submitted and whose report is ready. */
async function previewed(accountId: string, runner: Actor) {
  const context = attempt(accountId)
  const { taskId } = await submit(runner, previewOf(context))
  const large = [
    await putOutput(accountId, 'plan', { plan, sql: 'create table a (id int);' }),
    await putOutput(accountId, 'changesets', changesets),
  ]
  return { context, body: succeeded(taskId, large, { commit, planHash: 'f00d' }) }
}

const orders = { ...project, schema: 'orders' }
const matrixOf = (actor: Actor) => running.dbops.call(getMigrationState, { params: orders, body: {} }, { actor })

describe('a report', () => {
  test('brings plan and changeset states to dbdevops-service, once', async () => {
    const { accountId, runner, editor } = await makeFixture(running)
    const { context, body } = await previewed(accountId, runner)
    await Promise.all([report(runner, context, body), report(runner, context, body)])
    await report(runner, context, body)

    const { changeSets } = await matrixOf(editor)
    expect(changeSets).toMatchObject([
      {
        changeSet: '1',
        instances: [
          {
            status: 'Successfully_Deployed',
            updated: 500,
            provenance: { source: 'history', planExecutionId: context.executionId },
          },
        ],
      },
      { changeSet: '2', instances: [{ status: 'Not_Deployed' }] },
    ])
    const plans = await running.dbops.call(listPlans, { params: { ...orders, instance: 'stg' } }, { actor: editor })
    expect(plans).toMatchObject([{ hash: 'f00d', commit, attemptId: context.attemptId, statementCount: 1 }])
  })

  test('makes the same execution apply the previewed plan at the previewed commit, and another one not', async () => {
    const { accountId, runner } = await makeFixture(running)
    const { context, body } = await previewed(accountId, runner)
    await report(runner, context, body)
    await submit(runner, applyOf(attempt(accountId, { executionId: context.executionId })))
    await submit(runner, applyOf(attempt(accountId)))

    const [, same, other] = (await delegateInbox(running, accountId)).map((row) => SubmitTask.parse(row.body).task)
    expect(same).toMatchObject({
      parameters: { step: { source: { branch: 'main', commit }, run: { planHash: 'f00d' } } },
    })
    expect(JSON.stringify(other)).not.toContain(commit)
    expect(JSON.stringify(other)).not.toContain('planHash')
  })

  test('that is still under way is waited for: apply finds the commit that the pod fetched', async () => {
    const { accountId, runner } = await makeFixture(running)
    const { context, body } = await previewed(accountId, runner)
    const apply = submit(
      runner,
      applyOf(attempt(accountId, { executionId: context.executionId }), { planHash: 'f00d' }),
    )
    await Promise.all([apply, report(runner, context, body)])

    const [, row] = await delegateInbox(running, accountId)
    expect(SubmitTask.parse(row?.body).task).toMatchObject({ parameters: { step: { source: { commit } } } })
  })

  test('of an apply tells what this run deployed from what was there', async () => {
    const { accountId, runner, editor } = await makeFixture(running)
    const context = attempt(accountId)
    const { taskId } = await submit(runner, applyOf(context, { tag: 'rel-1' }))
    const [first, second] = changesets
    if (first === undefined || second === undefined) throw new Error('two changesets are there')
    const after = [first, { ...second, status: 'deployed', deployedAt: 900, orderExecuted: 2, tag: 'rel-1' }]
    const ran = JSON.stringify([{ id: '2', author: 'ann', filePath: 'db/a.sql', status: 'deployed' }])
    await report(
      runner,
      context,
      succeeded(taskId, [await putOutput(accountId, 'changesets', after)], { commit, ChangeSets: ran }),
    )

    const state = await running.dbops.call(
      getDeployedState,
      { params: { ...orders, instance: 'stg' }, body: { planExecutionId: context.executionId } },
      { actor: editor },
    )
    expect(state).toMatchObject([
      { changeSetId: '1', deployedInCurrentExecution: false },
      {
        changeSetId: '2',
        deployedInCurrentExecution: true,
        deployedAt: 900,
        tag: 'rel-1',
        status: 'Successfully_Deployed',
      },
    ])
  })

  test('with many changesets and a large plan travels in pieces', async () => {
    const { accountId, runner, editor } = await makeFixture(running)
    const context = attempt(accountId)
    const { taskId } = await submit(runner, previewOf(context))
    // Random text does not compress: the packed plan is larger than one request may be.
    const sql = Array.from({ length: 40_000 }, () => newId('req')).join(' ')
    const [step] = plan.steps
    const large = { ...plan, steps: [{ ...step, statements: [{ sql }] }] }
    const many = Array.from({ length: 1000 }, (_, index) => ({ ...changesets[1], id: String(index) }))
    await report(
      runner,
      context,
      succeeded(taskId, [await putOutput(accountId, 'plan', large), await putOutput(accountId, 'changesets', many)]),
    )

    const { rows } = await running.admin.query(
      `select document->'steps'->0->'statements'->0->>'sql' = $2 as same from dbdevops.plan where account_id = $1`,
      [accountId, sql],
    )
    expect(rows).toEqual([{ same: true }])
    expect((await matrixOf(editor)).changeSets).toHaveLength(10)
    const pieces = await running.admin.query('select 1 from dbdevops.report_piece where account_id = $1', [accountId])
    expect(pieces.rowCount).toBe(0)
  })

  test('whose output is not whole is not taken, and is taken when it is', async () => {
    const { accountId, runner, editor } = await makeFixture(running)
    const { context, body } = await previewed(accountId, runner)
    const { rows } = await running.admin.query(
      'delete from delegate.task_output where account_id = $1 and chunk_index = 1 returning *',
      [accountId],
    )
    await expect(report(runner, context, body)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      message: expect.stringContaining('not whole'),
    })
    for (const row of rows) {
      await running.admin.query(
        'insert into delegate.task_output (account_id, output_id, chunk_index, task_id, name, bytes) values ($1, $2, $3, $4, $5, $6)',
        [row.account_id, row.output_id, row.chunk_index, row.task_id, row.name, row.bytes],
      )
    }
    await report(runner, context, body)
    expect((await matrixOf(editor)).changeSets).toHaveLength(2)
  })

  test('of a failed step, of a deleted instance, and of an init are taken; of an unknown task it is refused', async () => {
    const { accountId, runner, editor } = await makeFixture(running)
    const failing = attempt(accountId)
    const { taskId } = await submit(runner, applyOf(failing))
    const failure = { code: 'DATABASE_UNREACHABLE', message: 'no route', failureTypes: ['Connectivity' as const] }
    await report(runner, failing, {
      ...succeeded(taskId, []),
      result: { outcome: 'failed', failure, outputs: {}, units: [] },
    })
    const init = attempt(accountId)
    const started = await submit(runner, {
      kind: 'pod.init',
      context: init,
      runtime: 'process',
      steps: [],
      stepNodeIds: [],
    })
    await report(runner, init, succeeded(started.taskId, []))

    const late = await previewed(accountId, runner)
    await running.dbops.call(deleteDbInstance, { params: { ...orders, instance: 'stg' } }, { actor: editor })
    await report(runner, late.context, late.body)
    await expect(report(runner, failing, succeeded('tsk-unknown', []))).rejects.toMatchObject({
      code: 'ENTITY_NOT_FOUND',
    })
  })
})

describe('the door to DB DevOps', () => {
  test('a request with a token is handed on with it, and a header that speaks for others is not', async () => {
    const { accountId, editor, runner } = await makeFixture(running)
    const path = '/ng-manager/dbops/v1/orgs/:org/projects/:project/dbschema'
    const through = { ...listDbSchemas, service: 'ng-manager', path } as const
    const schemas = await running.client.call(through, { params: project }, { actor: editor })
    expect(schemas.map(({ identifier }) => identifier)).toEqual(['orders'])
    await expect(running.client.call(through, { params: project }, { actor: runner })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    })
    expect(accountId).toBe(editor.accountId)
  })

  // Last: it ends the other service.
  test('dbdevops-service that is down is named by its edge', async () => {
    const { accountId, runner } = await makeFixture(running)
    const { context, body } = await previewed(accountId, runner)
    await running.endDbdevops()

    const named = { code: 'SERVICE_UNAVAILABLE', message: expect.stringContaining('ng-manager → dbdevops-service') }
    await expect(report(runner, context, body)).rejects.toMatchObject(named)
    await expect(submit(runner, previewOf(attempt(accountId)))).rejects.toMatchObject(named)
  })
})

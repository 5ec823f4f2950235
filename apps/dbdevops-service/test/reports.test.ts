import {
  createDbInstance,
  createDbSchema,
  deleteDbInstance,
  getDbInstance,
  getDbopsOverview,
  getDeployedState,
  getMigrationState,
  getPlan,
  getStepInputs,
  listPlans,
  postStepReport,
  putReportPiece,
  type StepInputs,
  type StepReport,
} from '@sluice/contracts/dbops'
import type { ChangesetReport } from '@sluice/contracts/tasks'
import type { Actor } from '@sluice/service-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  instanceInput,
  onBehalfOf,
  packed,
  project,
  schemaInput,
  startDbdevops,
  stepReport,
  type Running,
} from './start-dbdevops.ts'

let running: Running
let editor: Actor
let count = 0

beforeAll(async () => {
  running = await startDbdevops()
})
afterAll(() => running.stop())

/** A schema with instances in an account of its own. */
async function prepare(
  ...instances: string[]
): Promise<{ at: { org: string; project: string; schema: string }; inputs: StepInputs[] }> {
  editor = await running.person(`acc-rep${(count += 1)}`, 'editor')
  const at = { ...project, schema: 'orders' }
  await running.client.call(createDbSchema, { params: project, body: schemaInput('orders') }, { actor: editor })
  const inputs: StepInputs[] = []
  for (const instance of instances) {
    await running.client.call(createDbInstance, { params: at, body: instanceInput(instance) }, { actor: editor })
    inputs.push(await stepInputs(instance))
  }
  return { at, inputs }
}

const stepInputs = (dbInstance: string, executionId?: string) =>
  running.client.call(
    getStepInputs,
    {
      params: project,
      query: { dbSchema: 'orders', dbInstance, ...(executionId === undefined ? {} : { executionId }) },
    },
    { actor: onBehalfOf(editor) },
  )

const report = (body: StepReport) => running.client.call(postStepReport, { body }, { actor: onBehalfOf(editor) })

const matrix = (at: { org: string; project: string; schema: string }) =>
  running.client.call(getMigrationState, { params: at, body: {} }, { actor: editor })

function changeset(
  id: string,
  status: ChangesetReport['status'],
  more: Partial<ChangesetReport> = {},
): ChangesetReport {
  return { id, author: 'ann', path: 'db/changelog.yaml', status, ...more }
}

const plan = {
  version: 1,
  hash: 'f00d',
  changelog: { path: 'db/changelog.yaml', digest: 'd', commit: 'a'.repeat(40) },
  steps: [
    {
      changeSet: { id: '2', author: 'ann', filePath: 'db/changelog.yaml' },
      statements: [{ sql: 'create table a (id int)' }, { sql: 'create table b (id int)' }],
    },
  ],
}

describe('reports', () => {
  test("the matrix shows the database's own history rows as they were reported", async () => {
    const { at, inputs } = await prepare('stg', 'prod')
    const [stg, prod] = inputs
    if (stg === undefined || prod === undefined) throw new Error('two instances were made')
    const history = changeset('1', 'deployed', { deployedAt: 500, orderExecuted: 7, checksum: '9:abc', tag: 'v1' })
    await report(stepReport({ ...stg, changesets: [history, changeset('2', 'pending')] }))
    await report(
      stepReport({ ...prod, attemptId: 'nod-2-1', changesets: [changeset('1', 'pending'), changeset('2', 'pending')] }),
    )

    const { changeSets, instances } = await matrix(at)
    expect(instances.map(({ identifier }) => identifier)).toEqual(['stg', 'prod'])
    expect(changeSets).toMatchObject([
      {
        changeSet: '1',
        author: 'ann',
        fileName: 'db/changelog.yaml',
        synced: false,
        instances: [
          {
            instance: 'stg',
            status: 'Successfully_Deployed',
            updated: 500,
            orderExecuted: 7,
            checksum: '9:abc',
            tag: 'v1',
            provenance: { source: 'history', planExecutionId: 'pex-1', attemptId: 'nod-1-1', seenAt: 1_000_000 },
          },
          { instance: 'prod', status: 'Not_Deployed', state: 'pending', provenance: { source: 'changelog' } },
        ],
      },
      { changeSet: '2', synced: true },
    ])
    const seen = await running.client.call(getDbInstance, { params: { ...at, instance: 'stg' } }, { actor: editor })
    expect(seen).toMatchObject({ toOnboard: false, lastDeployedChangeSetTag: 'v1' })
  })

  test('the same report again changes nothing, also when both arrive at once', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    const body = stepReport({ ...stg, changesets: [changeset('1', 'pending')], documents: [packed('plan', plan)] })
    const answers = await Promise.all([report(body), report(body), report(body)])

    expect(answers.map(({ disposition }) => disposition).toSorted()).toEqual(['duplicate', 'duplicate', 'stored'])
    expect(await report(body)).toEqual({ disposition: 'duplicate' })
    expect((await matrix(at)).changeSets).toHaveLength(1)
    const plans = await running.client.call(listPlans, { params: { ...at, instance: 'stg' } }, { actor: editor })
    expect(plans).toHaveLength(1)
  })

  test('an older report that arrives late does not overwrite a newer state', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    await report(
      stepReport({
        ...stg,
        attemptId: 'nod-9-1',
        finishedAt: 2000,
        changesets: [changeset('1', 'deployed', { deployedAt: 1900 })],
      }),
    )
    await report(
      stepReport({ ...stg, attemptId: 'nod-8-1', finishedAt: 1000, changesets: [changeset('1', 'pending')] }),
    )

    expect((await matrix(at)).changeSets).toMatchObject([{ instances: [{ state: 'deployed', updated: 1900 }] }])
  })

  test('a pending changeset that left the changelog leaves the matrix; a deployed one stays', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    await report(
      stepReport({ ...stg, changesets: [changeset('1', 'deployed', { deployedAt: 1 }), changeset('2', 'pending')] }),
    )
    await report(
      stepReport({
        ...stg,
        attemptId: 'nod-2-1',
        finishedAt: 2_000_000,
        changesets: [changeset('3', 'pending'), changeset('1', 'unknown', { deployedAt: 1 })],
      }),
    )

    const { changeSets } = await matrix(at)
    expect(changeSets.map(({ changeSet, instances }) => `${changeSet} ${instances[0]?.state}`)).toEqual([
      '3 pending',
      '1 unknown',
    ])
  })

  test('a failed apply tells which changeset failed and what ran, and counts as no deployment', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    await report(
      stepReport({
        ...stg,
        unit: 'apply',
        stepType: 'DBSchemaApply',
        outcome: 'failed',
        failure: { code: 'STATEMENT_FAILED', message: 'no such table', failureTypes: ['Unknown'] },
        changesets: [
          changeset('1', 'deployed', { deployedAt: 1 }),
          changeset('2', 'ran-now', { deployedAt: 999_000, orderExecuted: 2 }),
          changeset('3', 'failed', { error: 'no such table "x"' }),
        ],
      }),
    )
    const rows = await running.client.call(
      getDeployedState,
      { params: { ...at, instance: 'stg' }, body: { planExecutionId: 'pex-1' } },
      { actor: editor },
    )

    expect(rows).toMatchObject([
      { changeSetId: '1', status: 'Successfully_Deployed', deployedInCurrentExecution: false },
      {
        changeSetId: '2',
        status: 'Successfully_Deployed',
        state: 'deployed',
        deployedAt: 999_000,
        deployedInCurrentExecution: true,
      },
      { changeSetId: '3', status: 'Deployment_Failed', error: 'no such table "x"', command: 'DBSchemaApply' },
    ])
    const overview = await running.client.call(getDbopsOverview, { params: project }, { actor: editor })
    expect(overview.recentDeployments).toEqual([])
  })

  test('a succeeded apply shows in the overview with its tag', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    await report(
      stepReport({
        ...stg,
        unit: 'apply',
        stepType: 'DBSchemaApply',
        tag: 'rel-1',
        changesets: [changeset('1', 'ran-now')],
      }),
    )

    const overview = await running.client.call(getDbopsOverview, { params: project }, { actor: editor })
    expect(overview.recentDeployments).toMatchObject([{ dbInstanceIdentifier: 'stg', lastDeployed: 1_000_000 }])
    const seen = await running.client.call(getDbInstance, { params: { ...at, instance: 'stg' } }, { actor: editor })
    expect(seen.lastAppliedTag).toBe('rel-1')
  })

  test('a step that failed before it saw the database leaves the instance as it was', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    await report(stepReport({ ...stg, outcome: 'failed' }))

    const seen = await running.client.call(getDbInstance, { params: { ...at, instance: 'stg' } }, { actor: editor })
    expect(seen.toOnboard).toBe(true)
  })

  test('ten thousand changesets arrive as a document in pieces', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    const many = Array.from({ length: 10_000 }, (_, index) => changeset(String(index), 'pending'))
    const { content = '', name, sha256 } = packed('changesets', many)
    const bytes = Buffer.from(content, 'base64')
    const half = Math.ceil(bytes.length / 2)
    for (const [index, piece] of [bytes.subarray(0, half), bytes.subarray(half)].entries()) {
      const put = () =>
        running.client.call(
          putReportPiece,
          { params: { attemptId: 'nod-1-1', name: 'changesets', index }, body: { content: piece.toString('base64') } },
          { actor: onBehalfOf(editor) },
        )
      await put()
      await put()
    }
    await report(stepReport({ ...stg, documents: [{ name, sha256, pieces: 2 }] }))

    const page = await running.send(
      editor,
      'POST',
      '/dbdevops/v1/orgs/default/projects/shop/dbschema/orders/migrationstate?limit=100&page=99',
      {},
    )
    expect(page.headers['x-total-elements']).toBe('10000')
    expect(page.body).toMatchObject({ changeSets: { length: 100, 99: { changeSet: '9999' } } })
    expect((await matrix(at)).changeSets).toHaveLength(10)
  })

  test('a document that is not whole or not the one that was hashed is refused, and nothing is stored', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    const document = packed('plan', plan)
    const refused = [
      { ...document, sha256: '0'.repeat(64) },
      { name: 'plan' as const, sha256: document.sha256, pieces: 3 },
      packed('plan', { version: 1 }),
    ]
    for (const broken of refused) {
      await expect(
        report(stepReport({ ...stg, changesets: [changeset('1', 'pending')], documents: [broken] })),
      ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
    expect((await matrix(at)).changeSets).toEqual([])
  })
})

describe('plans', () => {
  test('a previewed plan is read by its hash and found again by the steps of its execution', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    expect((await stepInputs('stg', 'pex-1')).preview).toBeUndefined()
    await report(stepReport({ ...stg, documents: [packed('plan', { plan, sql: 'create table a (id int);' })] }))

    expect(await stepInputs('stg', 'pex-1')).toMatchObject({
      preview: { hash: 'f00d', commit: 'a'.repeat(40), attemptId: 'nod-1-1' },
    })
    expect((await stepInputs('stg', 'pex-2')).preview).toBeUndefined()
    const found = await running.client.call(
      getPlan,
      { params: { ...at, instance: 'stg', hash: 'f00d' } },
      { actor: editor },
    )
    expect(found).toMatchObject({ changeSetCount: 1, statementCount: 2, planExecutionId: 'pex-1', plan })
    await expect(
      running.client.call(getPlan, { params: { ...at, instance: 'stg', hash: 'beef' } }, { actor: editor }),
    ).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' })
  })
})

describe('internal routes', () => {
  test('step inputs name what is missing', async () => {
    await prepare('stg')
    await expect(stepInputs('prod')).rejects.toMatchObject({
      code: 'REFERENCE_NOT_FOUND',
      message: expect.stringContaining('"prod"'),
    })
  })

  test('a token does not reach them: people pass ng-manager too', async () => {
    const { inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')

    await expect(
      running.client.call(postStepReport, { body: stepReport(stg) }, { actor: editor }),
    ).rejects.toMatchObject({
      code: 'PEER_NOT_ALLOWED',
    })
  })

  test('a report for an instance that is gone, or of another account, is told so', async () => {
    const { at, inputs } = await prepare('stg')
    const [stg] = inputs
    if (stg === undefined) throw new Error('an instance was made')
    const owner = editor
    editor = await running.person('acc-foreign', 'admin')
    await expect(report(stepReport(stg))).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' })
    editor = owner
    await running.client.call(deleteDbInstance, { params: { ...at, instance: 'stg' } }, { actor: editor })
    await expect(report(stepReport(stg))).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' })
  })
})

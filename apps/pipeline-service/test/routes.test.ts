import { newId } from '@sluice/contracts/ids'
import * as pipelines from '@sluice/contracts/pipelines'
import { ALL_ROUTES } from '@sluice/contracts/route-list'
import type { RouteContract } from '@sluice/contracts/routes'
import { until } from '@sluice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ServiceProcess } from './start-service.ts'
import {
  pipelineYaml,
  playToEnd,
  PROJECT,
  startRun,
  startSystem,
  type Answer,
  type CallOptions,
  type TestSystem,
} from './start-system.ts'

let system: TestSystem
let service: ServiceProcess
let editor: string
let viewer: string
let elsewhere: string
let nobody: string
let stranger: string
let executionId: string

beforeAll(async () => {
  system = await startSystem()
  service = await system.start()
  const [accountId, otherId] = [newId('acc'), newId('acc')]
  editor = await system.person(accountId, 'editor')
  viewer = await system.person(accountId, 'viewer')
  elsewhere = await system.person(accountId, 'editor', 'other')
  nobody = await system.person(accountId)
  stranger = await system.person(otherId, 'admin')
  executionId = await startRun(system, service, editor, { identifier: 'ship', text: pipelineYaml('ship') })
  await playToEnd(system, executionId, ['apply'])
  await system.ended(executionId)
})
afterAll(() => system?.stop())

interface Sample extends CallOptions {
  /** Where the second account is not told 404: it acts on what is its own. */
  isOwn?: true
  invalid?: CallOptions
  invalidCode?: string
}

const samples = (): Record<string, Sample> => ({
  createPipeline: {
    body: pipelineYaml('fresh'),
    isOwn: true,
    invalid: { body: 'pipeline: {}' },
    invalidCode: 'PIPELINE_INVALID_YAML',
  },
  updatePipeline: {
    params: { identifier: 'ship' },
    body: pipelineYaml('ship'),
    invalid: { body: 'a: [' },
    invalidCode: 'PIPELINE_INVALID_YAML',
  },
  getPipeline: { params: { identifier: 'ship' }, invalid: { params: { identifier: '1bad-' } } },
  listPipelines: { isOwn: true, invalid: { query: { ...PROJECT, pageSize: 1_000 } } },
  validatePipeline: { body: pipelineYaml('ship'), isOwn: true, invalid: { body: '' } },
  getPipelineSchema: { isOwn: true },
  getInputTemplate: { query: { ...PROJECT, pipelineIdentifier: 'ship' }, invalid: { query: PROJECT } },
  executePipeline: { params: { identifier: 'ship' }, invalid: { query: {} } },
  rerunPipeline: {
    params: { executionId, identifier: 'ship' },
    invalid: { params: { executionId: 'pex-1', identifier: 'ship' } },
  },
  interruptExecution: {
    params: { executionId },
    query: { ...PROJECT, interruptType: 'AbortAll' },
    invalid: { query: { ...PROJECT, interruptType: 'Explode' } },
  },
  listExecutions: { isOwn: true, invalid: { query: { ...PROJECT, pageIndex: -1 } } },
  getExecution: { params: { executionId }, invalid: { params: { executionId: 'x' } } },
  followExecution: { params: { executionId }, invalid: { query: {} } },
  // What it sends has tests of its own (follow-executions.test.ts): it does not end.
  followExecutions: { isOwn: true, invalid: { query: { ...PROJECT, pipelineIdentifier: '1 2' } } },
  deletePipeline: { params: { identifier: 'ship' }, invalid: { params: { identifier: 'a b' } } },
})

const ROUTES = ALL_ROUTES.filter((route) => route.service === 'pipeline-service')
const NAMES = ROUTES.map((route) => route.operationId)

function routeOf(operationId: string): { route: RouteContract; sample: Sample } {
  const route = ROUTES.find((candidate) => candidate.operationId === operationId)
  const sample = samples()[operationId]
  if (route === undefined || sample === undefined)
    throw new Error(`the route "${operationId}" is new: give it a sample`)
  return { route, sample }
}

const send = ({ route, sample }: { route: RouteContract; sample: CallOptions }, token?: string): Promise<Answer> =>
  system.call(service, route, { ...sample, token })

describe('every route', () => {
  test.each(NAMES)('%s asks who is there', async (name) => {
    expect(await send(routeOf(name))).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    expect(await send(routeOf(name), 'nonsense')).toMatchObject({ status: 401, code: 'INVALID_TOKEN' })
  })

  test.each(NAMES.filter((name) => name !== 'getPipelineSchema'))('%s refuses who has no role here', async (name) => {
    for (const token of [nobody, elsewhere]) {
      expect(await send(routeOf(name), token)).toMatchObject({ status: 403, code: 'ACCESS_DENIED' })
    }
  })

  test.each(ROUTES.filter((route) => route.permission?.endsWith('_view') === false).map((route) => route.operationId))(
    '%s refuses a viewer',
    async (name) => {
      expect(await send(routeOf(name), viewer)).toMatchObject({ status: 403, code: 'ACCESS_DENIED' })
    },
  )

  test.each(NAMES.filter((name) => name !== 'getPipelineSchema'))('%s refuses what is not valid', async (name) => {
    const { route, sample } = routeOf(name)
    const answer = await send({ route, sample: { ...sample, ...sample.invalid } }, editor)
    expect(answer).toMatchObject({ status: 400, code: sample.invalidCode ?? 'INVALID_REQUEST' })
  })

  test.each(NAMES.filter((name) => name !== 'followExecutions'))('%s tells another account nothing', async (name) => {
    const { route, sample } = routeOf(name)
    const answer = await send({ route, sample }, stranger)
    if (sample.isOwn === true) expect(answer.status, answer.text).toBeLessThan(300)
    else expect(answer).toMatchObject({ status: 404, code: 'ENTITY_NOT_FOUND' })
    expect(answer.text.includes(executionId) && sample.params?.['executionId'] === undefined).toBe(false)
    if (name.startsWith('list'))
      expect(answer.data).toMatchObject({ content: name === 'listPipelines' ? [{ identifier: 'fresh' }] : [] })
  })
})

describe('a pipeline', () => {
  test('is created, read, listed with its last run, changed and deleted', async () => {
    const token = editor
    const params = { identifier: 'whole' }
    const text = pipelineYaml('whole')
    expect(await system.call(service, pipelines.createPipeline, { token, body: text })).toMatchObject({
      status: 201,
      data: { identifier: 'whole', version: 1 },
    })
    expect(await system.call(service, pipelines.createPipeline, { token, body: text })).toMatchObject({
      status: 409,
      code: 'DUPLICATE_IDENTIFIER',
    })
    const ifMatch = (version: number) => ({ headers: { 'if-match': `"${version}"` } })
    const changed = text.replace('name: whole', 'name: Whole')
    expect(
      await system.call(service, pipelines.updatePipeline, { token, params, body: changed, ...ifMatch(1) }),
    ).toMatchObject({ status: 200, data: { version: 2 } })
    expect(
      await system.call(service, pipelines.updatePipeline, { token, params, body: text, ...ifMatch(1) }),
    ).toMatchObject({ status: 409, code: 'VERSION_CONFLICT' })
    expect(
      await system.call(service, pipelines.updatePipeline, { token, params, body: text, headers: { 'if-match': 'x' } }),
    ).toMatchObject({ status: 400 })
    expect(await system.call(service, pipelines.getPipeline, { token, params })).toMatchObject({
      status: 200,
      data: { name: 'Whole', yamlPipeline: changed, version: 2 },
    })
    const started = await system.call(service, pipelines.executePipeline, { token, params })
    const { uuid } = (started.data as { planExecution: { uuid: string } }).planExecution
    expect(await system.call(service, pipelines.deletePipeline, { token, params })).toMatchObject({
      status: 409,
      code: 'INVALID_STATE',
    })
    await playToEnd(system, uuid, ['apply'])
    await system.ended(uuid)
    const listed = await system.call(service, pipelines.listPipelines, {
      token,
      query: { ...PROJECT, searchTerm: 'WHOLE' },
    })
    expect(listed.data).toMatchObject({
      totalItems: 1,
      content: [{ identifier: 'whole', lastExecution: { executionId: uuid } }],
    })
    expect(await system.call(service, pipelines.deletePipeline, { token, params })).toMatchObject({
      status: 200,
      data: true,
    })
    expect(await system.call(service, pipelines.getPipeline, { token, params })).toMatchObject({ status: 404 })
    // Its runs stay.
    expect(await system.call(service, pipelines.getExecution, { token, params: { executionId: uuid } })).toMatchObject({
      status: 200,
    })
  })

  test('of another project is not there, though the caller may read that project', async () => {
    const query = { orgIdentifier: 'default', projectIdentifier: 'other' }
    for (const contract of [pipelines.getPipeline, pipelines.executePipeline, pipelines.deletePipeline]) {
      expect(
        await system.call(service, contract, { token: editor, params: { identifier: 'ship' }, query }),
      ).toMatchObject({ status: 404 })
    }
    expect(
      await system.call(service, pipelines.getExecution, { token: editor, params: { executionId }, query }),
    ).toMatchObject({ status: 404 })
  })

  test('whose YAML speaks of another project, or of another identifier, is refused', async () => {
    const other = pipelineYaml('moved').replace(
      '  stages:',
      '  orgIdentifier: default\n  projectIdentifier: other\n  stages:',
    )
    expect(await system.call(service, pipelines.createPipeline, { token: editor, body: other })).toMatchObject({
      status: 400,
      code: 'PIPELINE_INVALID_YAML',
    })
    expect(
      await system.call(service, pipelines.updatePipeline, {
        token: editor,
        params: { identifier: 'ship' },
        body: pipelineYaml('renamed'),
      }),
    ).toMatchObject({ status: 400, code: 'PIPELINE_INVALID_YAML' })
  })

  test('that is checked has every problem told with its line', async () => {
    const body = pipelineYaml('ship').replace('type: Custom', 'type: Costum')
    const { data } = await system.call(service, pipelines.validatePipeline, { token: viewer, body })
    expect(data).toMatchObject({
      valid: false,
      problems: [{ line: body.split('\n').findIndex((line) => line.includes('Costum')) + 1 }],
    })
  })

  test('changed by many at once takes each change once or refuses it', async () => {
    const params = { identifier: 'ship' }
    const { data } = await system.call(service, pipelines.getPipeline, { token: editor, params })
    const { version } = data as { version: number }
    const headers = { 'if-match': String(version) }
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        system.call(service, pipelines.updatePipeline, { token: editor, params, body: pipelineYaml('ship'), headers }),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409])
  })
})

describe('an execution', () => {
  test('is listed newest first, by pipeline and by status', async () => {
    const query = { ...PROJECT, pipelineIdentifier: 'ship', status: 'Success' }
    const { data } = await system.call(service, pipelines.listExecutions, { token: viewer, query })
    expect(data).toMatchObject({
      totalItems: 1,
      content: [{ planExecutionId: executionId, status: 'Success', runSequence: 1 }],
    })
    const none = await system.call(service, pipelines.listExecutions, {
      token: viewer,
      query: { ...query, status: 'Failed' },
    })
    expect(none.data).toMatchObject({ totalItems: 0 })
  })

  test('keeps the YAML it ran, runs are numbered, and starts at the same time get numbers of their own', async () => {
    const before = await system.call(service, pipelines.executePipeline, {
      token: editor,
      params: { identifier: 'ship' },
    })
    const runs = await Promise.all(
      Array.from({ length: 4 }, () =>
        system.call(service, pipelines.executePipeline, { token: editor, params: { identifier: 'ship' } }),
      ),
    )
    const numbers = [before, ...runs].map(
      ({ data }) => (data as { planExecution: { runSequence: number } }).planExecution.runSequence,
    )
    expect(new Set(numbers).size).toBe(5)
    expect(Math.max(...numbers) - Math.min(...numbers)).toBe(4)
    for (const { data } of [before, ...runs]) {
      const { uuid } = (data as { planExecution: { uuid: string } }).planExecution
      await playToEnd(system, uuid, ['apply'])
      expect(await system.ended(uuid)).toBe('SUCCEEDED')
    }
  })

  test('that has ended is followed with its whole graph and the end', async () => {
    const { text } = await system.call(service, pipelines.followExecution, { token: viewer, params: { executionId } })
    expect(text.startsWith('event: execution\ndata: {')).toBe(true)
    expect(text.endsWith('event: end\ndata: {}\n\n')).toBe(true)
  })

  test('that runs is followed through its changes to its end', async () => {
    const started = await system.call(service, pipelines.executePipeline, {
      token: editor,
      params: { identifier: 'ship' },
    })
    const { uuid } = (started.data as { planExecution: { uuid: string } }).planExecution
    const following = system.call(service, pipelines.followExecution, { token: viewer, params: { executionId: uuid } })
    await playToEnd(system, uuid, ['apply'])
    const { text } = await following
    expect(text).toContain('"status":"Running"')
    expect(text.endsWith('event: end\ndata: {}\n\n')).toBe(true)
    expect(text).not.toContain('secretToken')
  })

  test('never shows the token that marks its secrets', async () => {
    const { rows } = await system.admin.query<{ token: string }>(
      `select plan->'run'->>'secretToken' as token from pipeline.execution where id = $1`,
      [executionId],
    )
    const secretToken = rows[0]?.token ?? ''
    expect(secretToken.length).toBeGreaterThanOrEqual(32)
    const { text } = await system.call(service, pipelines.getExecution, { token: viewer, params: { executionId } })
    expect(text).not.toContain(secretToken)
  })
})

test('every change is audited in the transaction that made it', async () => {
  const { rows } = await system.admin.query<{ action: string; type: string }>(
    `select body->>'action' as action, body->'resource'->>'type' as type from ng.inbox where kind like 'audit%'`,
  )
  const seen = new Set(rows.map(({ action, type }) => `${action} ${type}`))
  for (const expected of ['CREATE PIPELINE', 'UPDATE PIPELINE', 'DELETE PIPELINE', 'RUN PIPELINE'])
    expect(seen).toContain(expected)
})

test('SIGTERM ends the service with 0, and readyz tells its stores', async () => {
  const other = await system.start()
  const ready = await fetch(`${other.healthUrl}/readyz`)
  expect(await ready.json()).toEqual({ ready: true, checks: { postgres: 'ok', redis: 'ok' } })
  expect((await fetch(`${other.healthUrl}/metrics`)).status).toBe(200)
  expect(await other.stop()).toBe(0)
  await until(
    async () =>
      fetch(`${other.healthUrl}/healthz`).then(
        () => false,
        () => true,
      ),
    { what: 'the listener to close' },
  )
})

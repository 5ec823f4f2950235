import { ExecutionDetail } from '@sluice/contracts/execution-graph'
import { newId } from '@sluice/contracts/ids'
import { getInputTemplate } from '@sluice/contracts/pipeline-inputs'
import * as pipelines from '@sluice/contracts/pipelines'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ServiceProcess } from './start-service.ts'
import { pipelineYaml, playToEnd, PROJECT, startSystem, type TestSystem } from './start-system.ts'

let system: TestSystem
let service: ServiceProcess
let token: string

beforeAll(async () => {
  system = await startSystem()
  service = await system.start()
  token = await system.person(newId('acc'), 'editor')
})
afterAll(() => system?.stop())

const params = { identifier: 'ask' }
const query = { ...PROJECT, pipelineIdentifier: 'ask' }
const PATHS = {
  target: 'pipeline.variables[0].value',
  ticket: 'pipeline.variables[1].value',
  schema: 'pipeline.stages[0].stage.spec.execution.steps[0].stepGroup.steps[0].step.spec.dbSchema',
}

test('a pipeline says what it asks for, takes the filled template, and a run shows what it was given', async () => {
  const yaml = pipelineYaml('ask')
    .replace('dbSchema: orders', "dbSchema: '<+input>'")
    .replace(
      '  stages:',
      `  variables:
    - { name: target, type: String, value: '<+input>.default(stg).allowedValues(stg,prod)' }
    - { name: ticket, type: String, value: '<+input>.regex([A-Z]+-[0-9]+)' }
  stages:`,
    )
  expect(await system.call(service, pipelines.createPipeline, { token, body: yaml })).toMatchObject({ status: 201 })
  const { data } = await system.call(service, getInputTemplate, { token, query })
  const { inputSetTemplateYaml, inputs } = getInputTemplate.response.parse(data)
  expect(inputs.map(({ path, type, required }) => [path, type, required])).toEqual([
    [PATHS.target, 'String', false],
    [PATHS.ticket, 'String', true],
    [PATHS.schema, 'DbSchema', true],
  ])

  const missing = await system.call(service, pipelines.executePipeline, { token, params })
  expect(missing).toMatchObject({ status: 400, code: 'PIPELINE_INVALID_YAML' })
  for (const path of [PATHS.ticket, PATHS.schema]) expect(missing.message).toContain(`${path}: This runtime input`)

  const template = inputSetTemplateYaml ?? ''
  const filled = template.replace(/<\+input>\.regex.*/, 'DB-12').replace(/dbSchema: .*/, 'dbSchema: orders')
  const body = filled.replace('DB-12', 'none').replace(/<\+input>\.default.*/, 'dev')
  const wrong = await system.call(service, pipelines.executePipeline, { token, params, body })
  expect(wrong).toMatchObject({ status: 400, code: 'PIPELINE_INVALID_YAML' })
  for (const path of [PATHS.target, PATHS.ticket]) expect(wrong.text).toContain(path)

  const started = await system.call(service, pipelines.executePipeline, { token, params, body: filled })
  expect(started.status, started.text).toBe(200)
  const { uuid } = (started.data as { planExecution: { uuid: string } }).planExecution
  const { rows } = await system.admin.query<{ url: string }>(
    `select plan->'run'->>'executionUrl' as url from pipeline.execution where id = $1`,
    [uuid],
  )
  expect(rows[0]?.url).toBe(`https://sluice.test/orgs/default/projects/shop/executions/${uuid}`)
  await playToEnd(system, uuid, ['apply'])
  expect(await system.ended(uuid)).toBe('SUCCEEDED')
  const read = await system.call(service, pipelines.getExecution, { token, params: { executionId: uuid } })
  expect(ExecutionDetail.parse(read.data).pipelineExecutionSummary.inputs).toEqual([
    { path: PATHS.target, name: 'target', value: 'stg' },
    { path: PATHS.ticket, name: 'ticket', value: 'DB-12' },
    { path: PATHS.schema, name: 'dbSchema', value: 'orders' },
  ])
})

test('a pipeline that asks for nothing has no template', async () => {
  await system.call(service, pipelines.createPipeline, { token, body: pipelineYaml('ready') })
  const { data } = await system.call(service, getInputTemplate, {
    token,
    query: { ...PROJECT, pipelineIdentifier: 'ready' },
  })
  expect(data).toEqual({ inputSetTemplateYaml: null, inputs: [] })
})

import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { pipelineYaml } from './pipeline-yaml.ts'

const PLAN = {
  name: 'Ship: "shop" & co',
  identifier: 'ship_shop',
  org: 'default',
  project: 'shop',
  schema: 'shop',
  instances: [
    { identifier: 'staging', name: 'Staging' },
    { identifier: 'production', name: 'true' },
  ],
  runtime: 'Process',
} as const

test('a stage per database in the order of delivery, preview before apply', () => {
  const { pipeline } = parse(pipelineYaml(PLAN))

  expect(pipeline.name).toBe('Ship: "shop" & co')
  expect(pipeline.stages.map((item: { stage: { name: string } }) => item.stage.name)).toEqual(['Staging', 'true'])
  const { steps } = pipeline.stages[1].stage.spec.execution.steps[0].stepGroup
  expect(steps.map((item: { step: { type: string } }) => item.step.type)).toEqual([
    'DBSchemaUpdateSQL',
    'DBSchemaApply',
  ])
  expect(steps[1].step.spec).toEqual({ dbSchema: 'shop', dbInstance: 'production' })
})

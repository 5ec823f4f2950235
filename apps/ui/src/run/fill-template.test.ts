import type { PipelineInput } from '@sluice/contracts/pipeline-inputs'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { fillTemplate } from './fill-template.ts'

const input = (path: string, type: PipelineInput['type']): PipelineInput => ({
  path,
  name: path,
  type,
  required: true,
  owner: { kind: 'pipeline', identifier: 'p', name: 'p' },
})
const TEMPLATE = `pipeline:
  identifier: p
  variables:
    - name: target
      value: <+input>.allowedValues(stg,prod)
    - name: size
      value: <+input>.default(5)
  stages:
    - stage:
        timeout: <+input>
`

test('values take the places of the inputs in order, with their types, and what is not given stays open', () => {
  const inputs = [input('a', 'String'), input('b', 'Number'), input('c', 'Duration')]
  const filled = parse(fillTemplate(TEMPLATE, inputs, { a: 'stg: "x"\ny', b: '7' }))
  expect(filled.pipeline.variables.map(({ value }: { value: unknown }) => value)).toEqual(['stg: "x"\ny', 7])
  expect(filled.pipeline.stages[0].stage.timeout).toBe('<+input>')
})

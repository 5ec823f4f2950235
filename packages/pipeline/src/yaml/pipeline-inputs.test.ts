import { describe, expect, it } from 'vitest'
import { pipelineYaml, stageYaml } from '../../test/run-pipeline.ts'
import { parsePipelineYaml } from './parse-pipeline-yaml.ts'
import { applyPipelineInputs, pipelineInputs, pipelineInputTemplate } from './pipeline-inputs.ts'

describe('runtime inputs of a pipeline', () => {
  it("say what they belong to, take their variable's default, and are told with the values that were used", () => {
    const text = pipelineYaml(
      stageYaml(
        'one',
        `{ step: { identifier: a, name: Apply it, type: DBSchemaApply, timeout: <+input>, spec: { dbSchema: <+input>, dbInstance: '<+input>.regex([a-z]+)' } } }`,
      ),
      `  variables:
    - { name: size, type: Number, value: <+input>, default: 5, description: how many }
    - { name: pw, type: Secret, value: <+input> }
`,
    )
    const parsed = parsePipelineYaml(text)
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
    const inputs = pipelineInputs(parsed.pipeline)
    expect(inputs.map(({ name, type, required, owner }) => [name, type, required, owner.kind])).toEqual([
      ['size', 'Number', false, 'pipeline'],
      ['pw', 'Secret', true, 'pipeline'],
      ['timeout', 'Duration', true, 'step'],
      ['dbSchema', 'DbSchema', true, 'step'],
      ['dbInstance', 'DbInstance', true, 'step'],
    ])
    expect(inputs[0]).toMatchObject({ default: '5', description: 'how many' })
    expect(inputs[4]).toMatchObject({ regex: '[a-z]+', owner: { identifier: 'a', name: 'Apply it' } })

    const filled = (pipelineInputTemplate(parsed.pipeline) ?? '')
      .replace(/timeout: .*/, 'timeout: 5m')
      .replace(/dbSchema: .*/, 'dbSchema: shop')
      .replace(/dbInstance: .*/, 'dbInstance: prod')
      .replace(/(name: pw\n.*\n.*value: ).*/, '$1org.pw')
    const applied = applyPipelineInputs(text, filled)
    expect(applied).toMatchObject({
      ok: true,
      inputs: [
        { path: inputs[0]?.path, name: 'size', value: '5' },
        { name: 'pw', value: 'org.pw' },
        { name: 'timeout', value: '5m' },
        { name: 'dbSchema', value: 'shop' },
        { name: 'dbInstance', value: 'prod' },
      ],
    })
    const wrong = applyPipelineInputs(
      text,
      filled.replace('shop', '<+input>').replace('prod', 'P1').replace('5m', 'soon'),
    )
    expect(wrong.ok ? [] : wrong.problems.map(({ path }) => path)).toEqual([inputs[3]?.path, inputs[4]?.path])
    const unsound = applyPipelineInputs(text, filled.replace('5m', 'soon'))
    expect(unsound.ok ? [] : unsound.problems.map(({ path }) => path)).toEqual([inputs[2]?.path])
  })
})

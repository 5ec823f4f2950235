import { describe, expect, it } from 'vitest'
import { groupYaml, pipelineYaml, planOf, stageYaml, stepYaml } from '../../test/run-pipeline.ts'

describe('compilePlan', () => {
  it('gives nodes stable ids of their identifiers, parents first', () => {
    const yaml = pipelineYaml(
      stageYaml('s', [groupYaml('g', groupYaml('inner', stepYaml('a'), '', '')), stepYaml('lone')].join()),
    )
    expect(planOf(yaml).nodes.map((node) => node.id)).toEqual([
      'pipeline',
      'pipeline.stages.s',
      'pipeline.stages.s.spec.execution.steps.g',
      'pipeline.stages.s.spec.execution.steps.g:initialize',
      'pipeline.stages.s.spec.execution.steps.g.steps.inner',
      'pipeline.stages.s.spec.execution.steps.g.steps.inner.steps.a',
      'pipeline.stages.s.spec.execution.steps.lone:pod',
      'pipeline.stages.s.spec.execution.steps.lone:pod:initialize',
      'pipeline.stages.s.spec.execution.steps.lone',
    ])
    expect(planOf(yaml)).toEqual(planOf(yaml))
  })

  it('is plain JSON', () => {
    const plan = planOf(
      pipelineYaml(
        stageYaml('s', stepYaml('a')),
        '  variables: [{ name: pw, type: Secret, value: org.pw }, { name: n, type: Number, value: 3 }]\n',
      ),
    )
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    expect(plan.nodes[0]?.variables).toEqual([
      { name: 'pw', value: '<+secrets.getValue("org.pw")>' },
      { name: 'n', value: 3 },
    ])
  })

  it('puts a step that needs a pod into a group of its own, with its conditions, and keeps its path', () => {
    const plan = planOf(
      pipelineYaml(stageYaml('s', groupYaml('g', stepYaml('a', 'when: { stageStatus: All },'), '', ''))),
    )
    const group = plan.nodes.find((node) => node.kind === 'stepGroup' && node.implicit)
    const step = plan.nodes.find((node) => node.identifier === 'a' && node.kind === 'step')
    expect(group).toMatchObject({ pod: { infra: null }, when: { status: 'All' }, identifier: 'a' })
    expect(step).toMatchObject({
      when: null,
      parentId: group?.id,
      timeout: '10m',
      baseFqn: 'pipeline.stages.s.spec.execution.steps.g.steps.a',
    })
  })

  it('gives time to steps that change something', () => {
    const plan = planOf(pipelineYaml(stageYaml('s', stepYaml('a', '', 'DBSchemaApply'))))
    expect(plan.nodes.find((node) => node.kind === 'step' && node.stepType === 'DBSchemaApply')?.timeout).toBe('1d')
  })
})

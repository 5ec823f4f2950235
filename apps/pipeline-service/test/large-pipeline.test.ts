import { ExecutionDetail } from '@sluice/contracts/execution-graph'
import { newId } from '@sluice/contracts/ids'
import * as pipelines from '@sluice/contracts/pipelines'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ServiceProcess } from './start-service.ts'
import { startRun, startSystem, type Answer, type TestSystem } from './start-system.ts'

let system: TestSystem
let service: ServiceProcess
let token: string

beforeAll(async () => {
  system = await startSystem()
  service = await system.start()
  token = await system.person(newId('acc'), 'editor')
})
afterAll(() => system?.stop())

const GROUPS = 6
const STEPS = 50

function largeYaml(): string {
  const groups = Array.from({ length: GROUPS }, (_, group) => {
    const steps = Array.from(
      { length: STEPS },
      (_step, step) =>
        `                    - step: { identifier: s${group}_${step}, name: Step ${step}, type: DBSchemaApply, spec: { dbSchema: orders, dbInstance: stg } }`,
    )
    return `              - stepGroup:
                  identifier: g${group}
                  name: Group ${group}
                  stepGroupInfra: { type: Process }
                  steps:
${steps.join('\n')}`
  })
  return `pipeline:
  identifier: large
  name: Large
  stages:
    - stage:
        identifier: ship
        name: Ship
        type: Custom
        spec:
          execution:
            steps:
${groups.join('\n')}
`
}

test(
  'a pipeline of 300 steps is checked, saved, begun, read and aborted within seconds',
  { timeout: 60_000 },
  async () => {
    const tookMs: number[] = []
    const timed = async (work: Promise<Answer>): Promise<Answer> => {
      const startedAt = performance.now()
      const answer = await work
      tookMs.push(performance.now() - startedAt)
      expect(answer.status, answer.text.slice(0, 500)).toBeLessThan(300)
      return answer
    }
    const body = largeYaml()
    const checked = await timed(system.call(service, pipelines.validatePipeline, { token, body }))
    expect(checked.data).toEqual({ valid: true, problems: [] })
    const startedAt = performance.now()
    const executionId = await startRun(system, service, token, { identifier: 'large', text: body })
    tookMs.push(performance.now() - startedAt)

    // The first group, step by step.
    const init = await system.manager.submitted(executionId, 'pod.init')
    await system.tell(init, 'task.assigned')
    await system.tell(init, 'task.finished')
    for (let step = 0; step < 10; step += 1)
      await system.tell(await system.manager.submitted(executionId, 'pod.execute', `s0_${step}`), 'task.finished')
    await system.manager.submitted(executionId, 'pod.execute', 's0_10')

    const read = await timed(system.call(service, pipelines.getExecution, { token, params: { executionId } }))
    const { nodeMap } = ExecutionDetail.parse(read.data).executionGraph
    const steps = Object.values(nodeMap).filter(({ stepType }) => stepType === 'DBSchemaApply')
    expect(steps).toHaveLength(GROUPS * STEPS)
    expect(steps.filter(({ status }) => status === 'SUCCEEDED')).toHaveLength(10)
    await timed(
      system.call(service, pipelines.interruptExecution, {
        token,
        params: { executionId },
        query: { orgIdentifier: 'default', projectIdentifier: 'shop', interruptType: 'AbortAll' },
      }),
    )
    // Tens of milliseconds each on an idle machine.
    expect(Math.max(...tookMs)).toBeLessThan(5_000)
  },
)

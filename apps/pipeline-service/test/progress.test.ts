import { newId } from '@sluice/contracts/ids'
import { ExecutionDetail, type GraphNode } from '@sluice/contracts/execution-graph'
import { getExecution } from '@sluice/contracts/pipelines'
import { TASK_PROGRESS_KIND, type TaskProgress } from '@sluice/contracts/task-progress'
import { until } from '@sluice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Submission } from './ng-manager.ts'
import type { ServiceProcess } from './start-service.ts'
import { pipelineYaml, PROJECT, startRun, startSystem, type TestSystem } from './start-system.ts'

let system: TestSystem
let service: ServiceProcess
let editor: string

beforeAll(async () => {
  system = await startSystem()
  service = await system.start()
  editor = await system.person(newId('acc'), 'editor')
})
afterAll(() => system?.stop())

async function tellProgress(submission: Submission, sequence: number, more: Partial<TaskProgress>): Promise<void> {
  const { taskId, attemptId } = submission
  const body: TaskProgress = { taskId, attemptId, sequence, units: [], ...more }
  await system.send(submission.accountId, `${taskId}.${TASK_PROGRESS_KIND}.${sequence}`, TASK_PROGRESS_KIND, body)
}

test('a follower sees units and counts while the step runs, and what comes late changes nothing', async () => {
  const executionId = await startRun(system, service, editor, { identifier: 'ship', text: pipelineYaml('ship') })
  const stream = await system.stream(service, `/pipeline-service/api/pipelines/execution/${executionId}/events`, {
    token: editor,
    query: PROJECT,
  })
  const node = (name: string): GraphNode | undefined => {
    const last = stream
      .text()
      .split('\n\n')
      .findLast((part) => part.startsWith('event: execution'))
    if (last === undefined) return undefined
    const detail: ExecutionDetail = JSON.parse(last.slice(last.indexOf('data: ') + 6))
    return Object.values(detail.executionGraph.nodeMap).find((candidate) => candidate.name === name)
  }
  const shows = (name: string, what: string, holds: (found: GraphNode) => boolean) =>
    until(
      async () => {
        const found = node(name)
        return found !== undefined && holds(found)
      },
      { what },
    )

  const init = await system.manager.submitted(executionId, 'pod.init')
  await system.tell(init, 'task.waiting', { message: 'laptop: is full' })
  await shows('Initialize', 'why it waits', ({ progressData }) => progressData?.message === 'laptop: is full')
  await system.tell(init, 'task.assigned')
  await tellProgress(init, 1, { units: [{ name: 'Open secrets', status: 'running', startedAt: 10 }] })
  await shows(
    'Initialize',
    'a phase of the pod',
    ({ unitProgresses }) => unitProgresses[0]?.unitName === 'Open secrets',
  )
  await system.tell(init, 'task.finished')

  const execute = await system.manager.submitted(executionId, 'pod.execute', 'apply')
  await system.tell(execute, 'task.assigned')
  const fetched = { name: 'Fetch', status: 'succeeded', startedAt: 10, endedAt: 20 } as const
  const applying = { name: 'Apply', status: 'running', startedAt: 30 } as const
  const current = { path: 'a.sql', id: '1', author: 'ann', state: 'running', startTs: 31 }
  await tellProgress(execute, 9, { units: [fetched, applying], changesets: { done: 2, total: 12, current } })
  await shows('apply', 'units and counts', (found) => found.changesetProgress?.done === 2)
  await tellProgress(execute, 5, {
    units: [{ ...fetched, status: 'failed' }],
    changesets: { done: 1, total: 12, current },
  })
  await tellProgress(execute, 12, { units: [applying], changesets: { done: 3, total: 12, current } })
  await shows('apply', 'the newest count', (found) => found.changesetProgress?.done === 3)
  expect(node('apply')).toMatchObject({
    status: 'RUNNING',
    unitProgresses: [
      { unitName: 'Fetch', status: 'succeeded', startTime: 10, endTime: 20 },
      { unitName: 'Apply', status: 'running', startTime: 30, endTime: null },
    ],
  })

  await system.tell(execute, 'task.finished', { failure: 'it broke' })
  await system.ended(executionId)
  await tellProgress(execute, 20, { units: [fetched, applying], changesets: { done: 9, total: 12, current } })
  await until(async () => stream.text().endsWith('event: end\ndata: {}\n\n'), { what: 'the stream to end' })
  // Taken messages of this kind are not kept.
  const left = async () => {
    const { rows } = await system.admin.query(`select 1 from pipeline.inbox where kind = 'task.progress'`)
    return rows.length
  }
  await until(async () => (await left()) === 0, { what: 'the late message to be taken' })
  const { data } = await system.call(service, getExecution, { token: editor, params: { executionId } })
  const { nodeMap } = ExecutionDetail.parse(data).executionGraph
  expect(Object.values(nodeMap).find(({ name }) => name === 'apply')).toMatchObject({
    status: 'FAILED',
    unitProgresses: [{ unitName: 'Fetch' }, { unitName: 'Apply', status: 'failed', endTime: expect.any(Number) }],
    changesetProgress: { done: 3 },
  })
})

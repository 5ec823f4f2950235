import type { TaskProgress } from '@sluice/contracts/task-progress'
import { describe, expect, it } from 'vitest'
import { groupYaml, pipelineYaml, Run, stageYaml, stepYaml } from '../../test/run-pipeline.ts'
import { noteProgress, toExecutionGraph } from '../index.ts'

function started(): Run {
  const run = new Run(pipelineYaml(stageYaml('one', groupYaml('g', stepYaml('a'))))).start()
  run.succeed()
  return run
}

const fetched = { name: 'Fetch', status: 'succeeded' as const, startedAt: 100, endedAt: 200 }
const fetching = { name: 'Fetch', status: 'running' as const, startedAt: 100 }
const applying = { name: 'Apply', status: 'running' as const, startedAt: 300 }

function progress(run: Run, sequence: number, more: Partial<TaskProgress>): TaskProgress {
  return { taskId: 'tsk-1', attemptId: run.task().attemptId, sequence, units: [], ...more }
}

const changesets = (done: number) => ({ done, total: 3, current: null })

describe('noteProgress', () => {
  it('ends the same in every order, and again changes nothing', () => {
    const run = started()
    const messages = [
      progress(run, 1, { units: [fetching] }),
      progress(run, 5, { units: [fetched, applying], changesets: changesets(1) }),
      progress(run, 9, { units: [fetched, applying], changesets: changesets(2) }),
      // Its sender began in the middle: it knows less of what was before.
      progress(run, 10, { units: [applying], changesets: changesets(3) }),
    ]
    const orders = [messages, messages.toReversed(), [2, 0, 3, 1].flatMap((index) => messages[index] ?? [])]
    for (const order of orders) {
      let record = run.record('steps.a')
      for (const message of order) record = noteProgress(record, message) ?? record
      expect(record.units).toEqual([fetched, applying])
      expect(record.changesets).toMatchObject({ done: 3, sequence: 10 })
      for (const message of messages) expect(noteProgress(record, message)).toBeUndefined()
      expect(record.version).toBe(run.record('steps.a').version)
    }
  })

  it('touches no node that is final, that has not begun, or whose attempt is another', () => {
    const run = started()
    const message = progress(run, 1, { units: [fetching] })
    expect(noteProgress(run.record('steps.a'), { ...message, attemptId: 'nod-other-1' })).toBeUndefined()
    expect(noteProgress(run.record('g:initialize'), message)).toBeUndefined()
    run.succeed()
    expect(noteProgress(run.record('steps.a'), message)).toBeUndefined()
  })

  it('is kept by a step whose result has no units, and what ran ends with it', () => {
    const run = started()
    const { planNodeId } = run.record('steps.a')
    const record = noteProgress(
      run.record('steps.a'),
      progress(run, 1, { units: [fetched, applying], changesets: changesets(1) }),
    )
    if (record === undefined) throw new Error('there was progress')
    run.state = { nodes: new Map(run.state.nodes).set(planNodeId, record) }
    run.fail('the pod was lost')
    expect(run.record('steps.a').changesets).toEqual({ sequence: 1, done: 1, total: 3, current: null })
    expect(run.record('steps.a').units).toEqual([
      fetched,
      { ...applying, status: 'failed', endedAt: expect.any(Number) },
    ])
  })

  it('is on the graph while the step runs', () => {
    const run = started()
    const { planNodeId } = run.record('steps.a')
    const record = noteProgress(
      run.record('steps.a'),
      progress(run, 1, { units: [fetched], changesets: changesets(1) }),
    )
    if (record === undefined) throw new Error('there was progress')
    const state = { nodes: new Map(run.state.nodes).set(planNodeId, record) }
    expect(toExecutionGraph(run.plan, state).executionGraph.nodeMap[record.id]).toMatchObject({
      unitProgresses: [{ unitName: 'Fetch', status: 'succeeded', startTime: 100, endTime: 200 }],
      changesetProgress: { done: 1, total: 3, current: null },
    })
  })
})

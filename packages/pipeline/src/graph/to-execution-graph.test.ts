import { describe, expect, it } from 'vitest'
import { groupYaml, pipelineYaml, Run, SECRET_TOKEN, stageYaml, stepYaml } from '../../test/run-pipeline.ts'
import { NODE_STATUSES, outputsContext, publicNodeStatus, publicSummaryStatus, toExecutionGraph } from '../index.ts'

const yaml = pipelineYaml(
  [
    stageYaml(
      'one',
      groupYaml('g', [stepYaml('a', '', 'DBSchemaApply', `, tag: '<+secrets.getValue("pw")>'`), stepYaml('b')].join()),
    ),
    stageYaml('two', stepYaml('c')),
  ].join(),
)

describe('toExecutionGraph', () => {
  it('shows the summary with its stages in order, and the graph with first children and next siblings', () => {
    const run = new Run(yaml).start()
    run.send({ type: 'taskWaiting', attemptId: run.task().attemptId, message: 'laptop: is full' })
    const { pipelineExecutionSummary: summary, executionGraph: graph } = toExecutionGraph(run.plan, run.state)
    const [one, two] = [run.record('stages.one').id, run.record('stages.two').id]
    expect(summary).toMatchObject({ status: 'Running', startingNodeId: one, runSequence: 17, totalStagesCount: 2 })
    expect(summary.layoutNodeMap[one]).toMatchObject({
      nodeIdentifier: 'one',
      status: 'Running',
      edgeLayoutList: { nextIds: [two] },
    })
    expect(summary.layoutNodeMap[two]?.status).toBe('NotStarted')
    const group = run.record('steps.g').id
    const initialize = run.record('g:initialize').id
    expect(graph.rootNodeId).toBe(run.record('pipeline').id)
    expect(graph.nodeAdjacencyListMap[graph.rootNodeId]).toEqual({ children: [one], nextIds: [] })
    expect(graph.nodeAdjacencyListMap[one]).toEqual({ children: [group], nextIds: [two] })
    expect(graph.nodeAdjacencyListMap[group]?.children).toEqual([initialize])
    expect(graph.nodeAdjacencyListMap[initialize]?.nextIds).toEqual([run.record('steps.a').id])
    expect(graph.nodeMap[initialize]).toMatchObject({
      name: 'Initialize',
      stepType: 'InitializePod',
      status: 'TASK_WAITING',
      progressData: { message: 'laptop: is full' },
      logBaseKey: `acc-1/pex-1/${initialize}/1`,
    })
  })

  it('shows results, failures and who ran what', () => {
    const run = new Run(yaml).start()
    run.succeed()
    run.send({ type: 'taskAssigned', attemptId: run.task().attemptId, delegate: { id: 'dlg-1', name: 'laptop' } })
    run.succeed({ preStartTag: 'v1' })
    run.fail('relation "x" does not exist')
    const { pipelineExecutionSummary: summary, executionGraph: graph } = toExecutionGraph(run.plan, run.state, {
      stageNodeId: run.record('stages.one').id,
    })
    expect(summary).toMatchObject({
      status: 'Failed',
      failedStagesCount: 1,
      failureInfo: { message: 'relation "x" does not exist' },
    })
    expect(graph.nodeMap[run.record('steps.a').id]).toMatchObject({
      status: 'SUCCEEDED',
      outcomes: { output: { preStartTag: 'v1' } },
      delegateInfoList: [{ id: 'dlg-1', name: 'laptop' }],
    })
    expect(graph.nodeMap[run.record('steps.b').id]?.failureInfo).toEqual({
      code: 'STATEMENT_FAILED',
      message: 'relation "x" does not exist',
      failureTypeList: ['Unknown'],
    })
    expect(graph.rootNodeId).toBe(run.record('stages.one').id)
    expect(graph.nodeMap[run.record('stages.two').id]).toBeUndefined()
  })

  it('never shows the secret token', () => {
    const run = new Run(yaml).start()
    run.succeed()
    const text = JSON.stringify(toExecutionGraph(run.plan, run.state))
    expect(JSON.stringify([...run.state.nodes])).toContain(SECRET_TOKEN)
    expect(text).not.toContain(SECRET_TOKEN)
    expect(text).toContain('secrets.getValue')
  })

  it('has a public name for every status', () => {
    for (const status of NODE_STATUSES)
      expect(`${publicNodeStatus(status)} ${publicSummaryStatus(status)}`).toMatch(/^[A-Z_]+ [A-Z]\w+$/)
  })
})

describe('outputsContext', () => {
  it('gives each step its own siblings, outputs by both published paths, and no implicit group', () => {
    const run = new Run(yaml).start()
    run.succeed()
    run.succeed({ preStartTag: 'v1' })
    run.succeed()
    const at = (suffix: string) => outputsContext(run.plan, run.state, run.record(suffix).planNodeId)
    expect(at('steps.b')).toMatchObject({
      execution: {
        steps: { g: { steps: { a: { output: { preStartTag: 'v1', outputVariables: { preStartTag: 'v1' } } } } } },
      },
      steps: { a: { status: 'SUCCEEDED' } },
      stage: { identifier: 'one', currentStatus: 'RUNNING' },
      stepGroup: { identifier: 'g' },
      step: { identifier: 'b' },
      pipeline: { sequenceId: 17, triggeredBy: { name: 'jane' } },
    })
    expect(at('steps.c')).toMatchObject({
      execution: { steps: { c: { status: 'QUEUED' } } },
      pipeline: { stages: { one: { spec: { execution: { steps: { g: {} } } } } } },
    })
    expect(at('steps.c')['stepGroup']).toBeUndefined()
  })
})

describe('a pipeline of 300 steps in a row', () => {
  // The test's time limit is the assertion.
  it('runs to its end step by step, and stays small enough to be sent live', { timeout: 30_000 }, () => {
    const steps = Array.from({ length: 300 }, (_, index) => stepYaml(`s${index}`))
    const run = new Run(pipelineYaml(stageYaml('one', steps.join()))).start()
    while (run.finished === undefined) run.succeed({ planHash: 'x'.repeat(64) })
    expect(run.finished).toBe('SUCCEEDED')
    expect(run.tasks.filter(({ taskKind }) => taskKind === 'pod.execute')).toHaveLength(300)
    const { executionGraph } = toExecutionGraph(run.plan, run.state)
    // Pipeline, stage, and for each step its implicit group and the step that makes the pod.
    expect(Object.keys(executionGraph.nodeMap)).toHaveLength(2 + 300 * 3)
    expect(JSON.stringify(executionGraph).length).toBeLessThan(1_500_000)
  })
})

describe('a pipeline of a thousand nodes', () => {
  // The test's time limit is the assertion: what it guards against takes minutes.
  it('starts, moves and is shown without a quadratic step', { timeout: 60_000 }, () => {
    const steps = Array.from({ length: 60 }, (_, index) =>
      stepYaml(`s${index}`, '', 'DBSchemaApply', ', tag: "<+pipeline.sequenceId>"'),
    ).join()
    const groups = Array.from({ length: 4 }, (_, index) => groupYaml(`g${index}`, steps)).join()
    const stages = Array.from({ length: 4 }, (_, index) => stageYaml(`t${index}`, groups))
    const run = new Run(pipelineYaml(stages.join()))
    run.start()
    run.succeed()
    run.fail()
    toExecutionGraph(run.plan, run.state)
    expect(run.finished).toBe('FAILED')
  })
})

import { describe, expect, it } from 'vitest'
import { groupYaml, pipelineYaml, Run, SECRET_TOKEN, stageYaml, stepYaml } from '../../test/run-pipeline.ts'
import { advance, CANCEL_GRACE_MS, isExecutionFinished, nextDueAt, outstandingEffects } from '../index.ts'

const two = pipelineYaml(
  [
    stageYaml(
      'stg',
      groupYaml(
        'db',
        [stepYaml('preview'), stepYaml('apply', '', 'DBSchemaApply', ', tag: "rel-<+pipeline.sequenceId>"')].join(),
      ),
    ),
    stageYaml(
      'prod',
      stepYaml(
        'apply',
        '',
        'DBSchemaApply',
        ', tag: <+pipeline.stages.stg.spec.execution.steps.db.steps.apply.output.preStartTag>',
      ),
    ),
  ].join(),
)

describe('a run', () => {
  it('makes a pod per group, runs its steps in order and cleans up once', () => {
    const run = new Run(two).start()
    expect(run.task()).toMatchObject({
      taskKind: 'pod.init',
      stepType: 'InitializePod',
      name: 'Initialize',
      delegateId: null,
    })
    expect(run.task().podSteps.map((step) => step.identifier)).toEqual(['preview', 'apply'])
    run.succeed()
    expect(run.task()).toMatchObject({
      taskKind: 'pod.execute',
      identifier: 'preview',
      delegateId: 'dlg-1',
      spec: { dbSchema: 'orders' },
    })
    run.succeed({ planHash: 'h1' })
    expect(run.task()).toMatchObject({ identifier: 'apply', previewPlanHash: 'h1', spec: { tag: 'rel-17' } })
    expect(new Set(run.tasks.map((task) => task.podId)).size).toBe(1)
    run.succeed({ preStartTag: 'v1' })
    expect(run.tasks.map((task) => task.taskKind)).toEqual([
      'pod.init',
      'pod.execute',
      'pod.execute',
      'pod.cleanup',
      'pod.init',
    ])
    expect(run.task(-2)).toMatchObject({ taskKind: 'pod.cleanup', delegateId: 'dlg-1', podId: run.task(0).podId })
    run.succeed()
    expect(run.task().spec).toMatchObject({ tag: 'v1' })
    run.succeed()
    expect(run.finished).toBe('SUCCEEDED')
    expect(run.tasks.filter((task) => task.taskKind === 'pod.cleanup')).toHaveLength(2)
    expect([...run.state.nodes.values()].every((record) => record.status === 'SUCCEEDED')).toBe(true)
    expect(isExecutionFinished(run.plan, run.state)).toBe(true)
    expect(nextDueAt(run.state)).toBeNull()
  })

  it('records each transition with its reason', () => {
    const run = new Run(two).start()
    run.send({ type: 'taskSubmitted', attemptId: run.task().attemptId, taskKind: 'pod.init', taskId: 'tsk-1' })
    run.send({ type: 'taskAssigned', attemptId: run.task().attemptId, delegate: { id: 'dlg-1', name: 'laptop' } })
    run.succeed()
    const initialize = run.transitions.filter(
      (transition) => transition.planNodeId.endsWith(':initialize') && transition.planNodeId.includes('.db:'),
    )
    expect(initialize.map(({ from, to }) => `${from}→${to}`)).toEqual([
      'QUEUED→RUNNING',
      'RUNNING→TASK_WAITING',
      'TASK_WAITING→RUNNING',
      'RUNNING→SUCCEEDED',
    ])
    expect(initialize[2]?.reason).toBe('taken by the delegate "laptop"')
  })

  it('is not moved by an event that comes twice, late or for nobody', () => {
    const run = new Run(two).start()
    const init = run.task()
    run.succeed()
    for (const event of [
      { type: 'executionStarted' },
      { type: 'taskFinished', attemptId: init.attemptId, taskKind: 'pod.init', result: { outcome: 'succeeded' } },
      { type: 'taskSubmitted', attemptId: init.attemptId, taskKind: 'pod.init', taskId: 't' },
      { type: 'taskLost', attemptId: 'nod-99-1', taskKind: 'pod.execute', message: 'x' },
      { type: 'taskFinished', attemptId: 'nonsense', taskKind: 'pod.cleanup', result: { outcome: 'succeeded' } },
      { type: 'nodeDue' },
    ] as const) {
      const before = run.state
      const result = advance(run.plan, before, { ...event, at: run.now })
      expect(result).toEqual({ state: before, changed: [], transitions: [], effects: [] })
      expect(result.state).toBe(before)
    }
  })

  it('bumps the parent of a node that ends, so that racing writers meet', () => {
    const run = new Run(two).start()
    const version = run.record('steps.db').version
    run.succeed()
    expect(run.record('steps.db').version).toBe(version + 1)
  })
})

describe('failures', () => {
  it('skip what follows, clean up and end the execution with the cause', () => {
    const run = new Run(two).start()
    run.succeed()
    run.fail('syntax error at "CREAT"')
    expect(run.finished).toBe('FAILED')
    expect(run.status('steps.db.steps.apply')).toBe('SKIPPED')
    expect(run.status('stages.prod')).toBe('SKIPPED')
    expect(run.record('pipeline').failure?.message).toBe('syntax error at "CREAT"')
    expect(run.task().taskKind).toBe('pod.cleanup')
  })

  it('of a pod fail its group and run none of its steps', () => {
    const run = new Run(two).start()
    run.fail('no memory')
    expect(run.status('db.steps.preview')).toBe('SKIPPED')
    expect(run.record('db.steps.preview').skipReason).toBe('Its pod could not be made.')
    expect(run.finished).toBe('FAILED')
    expect(run.tasks.map((task) => task.taskKind)).toEqual(['pod.init', 'pod.cleanup'])
  })

  it('of handing a task over, and of its delegate, end the step in a named failure', () => {
    const failure = {
      code: 'SERVICE_UNAVAILABLE',
      message: 'ng-manager can not be reached.',
      failureTypes: ['Connectivity'] as const,
    }
    const submit = new Run(two).start()
    submit.send({
      type: 'taskSubmitFailed',
      attemptId: submit.task().attemptId,
      taskKind: 'pod.init',
      failure: { ...failure, failureTypes: ['Connectivity'] },
    })
    expect(submit.record('pipeline').failure).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    const lost = new Run(two).start()
    lost.succeed()
    lost.send({
      type: 'taskLost',
      attemptId: lost.task().attemptId,
      taskKind: 'pod.execute',
      message: 'The delegate "laptop" is gone.',
    })
    expect(lost.record('preview').failure).toMatchObject({ code: 'DELEGATE_LOST', failureTypes: ['DelegateRestart'] })
    expect(lost.finished).toBe('FAILED')
  })

  it('of an expression name it and its place', () => {
    const run = new Run(
      pipelineYaml(stageYaml('s', stepYaml('a', '', 'DBSchemaApply', ', tag: <+execution.steps.nope.output.x>'))),
    ).start()
    run.succeed()
    expect(run.record('steps.a').failure).toMatchObject({ code: 'EXPRESSION_UNRESOLVED' })
    expect(run.record('steps.a').failure?.message).toContain(
      'spec.tag: "<+execution.steps.nope.output.x>" can\'t be resolved: there is no "nope" in "execution.steps"',
    )
    expect(run.finished).toBe('FAILED')
    expect(run.task().taskKind).toBe('pod.cleanup')
  })

  const strategy = (errors: string, action: string) =>
    `failureStrategies: [{ onFailure: { errors: [${errors}], action: { type: ${action} } } }],`
  it.each([
    ['Ignore', 'IGNORE_FAILED', 'SUCCEEDED', 'SUCCEEDED'],
    ['MarkAsSuccess', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'],
    ['MarkAsFailure', 'FAILED', 'SKIPPED', 'FAILED'],
    ['Abort', 'FAILED', 'SKIPPED', 'ABORTED'],
  ])('are treated as the strategy %s says', (action, first, second, end) => {
    const run = new Run(
      pipelineYaml(
        stageYaml('s', groupYaml('g', [stepYaml('a', strategy('AllErrors', action)), stepYaml('b')].join())),
      ),
    ).start()
    run.succeed()
    run.fail()
    if (run.finished === undefined) run.succeed()
    expect([run.status('steps.a'), run.status('steps.b'), run.finished]).toEqual([first, second, end])
    expect(run.tasks.filter((task) => task.taskKind === 'pod.cleanup')).toHaveLength(1)
  })

  it('ask the step first, then its group, then its stage, and only for their kind of error', () => {
    const stage = stageYaml(
      's',
      groupYaml('g', stepYaml('a', strategy('Connectivity', 'MarkAsSuccess')), strategy('Unknown', 'Ignore')),
      strategy('AllErrors', 'MarkAsFailure'),
    )
    const statusAfter = (types: ('Unknown' | 'Connectivity')[]) => {
      const run = new Run(pipelineYaml(stage)).start()
      run.succeed()
      run.fail('x', run.task(), types)
      return run.status('steps.a')
    }
    expect(statusAfter(['Connectivity'])).toBe('SUCCEEDED')
    expect(statusAfter(['Unknown'])).toBe('IGNORE_FAILED')
  })

  it('of a pod are ignored with its group, and the stage goes on', () => {
    const run = new Run(
      pipelineYaml(
        stageYaml(
          's',
          [stepYaml('a', strategy('AllErrors', 'Ignore')), stepYaml('b', 'when: { stageStatus: Success },')].join(),
        ),
      ),
    ).start()
    run.fail('no memory')
    expect(run.status('steps.a:pod')).toBe('IGNORE_FAILED')
    run.succeed()
    run.succeed()
    expect([run.status('steps.b'), run.finished]).toEqual(['SUCCEEDED', 'SUCCEEDED'])
  })
})

describe('when', () => {
  it('runs what is meant for failures after one, and nothing else', () => {
    const run = new Run(
      pipelineYaml(
        [
          stageYaml(
            'one',
            [
              stepYaml('a'),
              stepYaml('b'),
              stepYaml('c', 'when: { stageStatus: All },'),
              stepYaml('d', 'when: { stageStatus: Failure },'),
            ].join(),
          ),
          stageYaml('two', stepYaml('e')),
          stageYaml('three', stepYaml('f'), 'when: { pipelineStatus: Failure },'),
        ].join(),
      ),
    ).start()
    run.succeed()
    run.fail()
    for (let step = 0; step < 6; step += 1)
      run.succeed(
        {},
        run.tasks.findLast((task) => task.taskKind !== 'pod.cleanup'),
      )
    expect(['steps.a', 'steps.b', 'steps.c', 'steps.d', 'steps.e', 'steps.f'].map((step) => run.status(step))).toEqual([
      'FAILED',
      'SKIPPED',
      'SUCCEEDED',
      'SUCCEEDED',
      'SKIPPED',
      'SUCCEEDED',
    ])
    expect(run.finished).toBe('FAILED')
  })

  it('makes no pod for a lone step whose condition is false, and fails one that can not be read', () => {
    const variables = '  variables: [{ name: env, type: String, value: stg }]\n'
    const steps = [
      stepYaml('a', `when: { condition: '<+pipeline.variables.env> == "prod"' },`),
      stepYaml('b', `when: { stageStatus: Success, condition: '<+pipeline.variables.none>' },`),
    ].join()
    const run = new Run(pipelineYaml(stageYaml('s', steps), variables)).start()
    expect(run.tasks).toEqual([])
    expect(run.record('steps.a:pod').skipReason).toContain('Its condition is false')
    expect(run.record('steps.b:pod').failure?.code).toBe('EXPRESSION_UNRESOLVED')
    expect(run.finished).toBe('FAILED')
  })
})

describe('abort', () => {
  it('cancels the running task, waits for its result, cleans up and ends ABORTED', () => {
    const run = new Run(two).start()
    run.succeed()
    const step = run.task()
    run.send({ type: 'taskSubmitted', attemptId: step.attemptId, taskKind: 'pod.execute', taskId: 'tsk-2' })
    run.send({ type: 'abortRequested', by: 'jane', reason: 'wrong branch' })
    expect(run.effects).toContainEqual(
      expect.objectContaining({ type: 'cancelTask', taskId: 'tsk-2', attemptId: step.attemptId }),
    )
    expect([run.status('preview'), run.status('pipeline'), run.finished]).toEqual(['ABORTING', 'ABORTING', undefined])
    run.fail('canceling statement due to user request', step)
    expect(run.record('preview')).toMatchObject({
      status: 'ABORTED',
      failure: {
        message:
          '"jane" aborted the execution: wrong branch. It was cancelled: canceling statement due to user request',
      },
    })
    expect(run.task().taskKind).toBe('pod.cleanup')
    expect(run.finished).toBe('ABORTED')
    expect(run.status('stages.prod')).toBe('SKIPPED')
  })

  it('waits no longer than its grace time', () => {
    const run = new Run(two).start()
    run.send({ type: 'abortRequested', by: 'jane' })
    run.send({ type: 'nodeDue' }, CANCEL_GRACE_MS - 10)
    expect(run.finished).toBeUndefined()
    run.send({ type: 'nodeDue' }, 10)
    expect(run.finished).toBe('ABORTED')
    expect(run.record('db:initialize').failure?.message).toContain('did not confirm the cancellation in time')
  })

  it('cancels a task again when its hand-over is answered after the abort', () => {
    const run = new Run(two).start()
    run.send({ type: 'abortRequested', by: 'jane' })
    run.send({ type: 'taskSubmitted', attemptId: run.task().attemptId, taskKind: 'pod.init', taskId: 'tsk-1' })
    expect(run.effects.filter((effect) => effect.type === 'cancelTask').map((effect) => effect.taskId)).toEqual([
      null,
      'tsk-1',
    ])
  })

  it('tells the truth about a step that finished first', () => {
    const run = new Run(two).start()
    run.succeed()
    run.send({ type: 'abortRequested', by: 'jane' })
    run.succeed({ planHash: 'h' })
    expect([run.status('preview'), run.finished]).toEqual(['SUCCEEDED', 'ABORTED'])
    expect(run.status('db.steps.apply')).toBe('SKIPPED')
  })

  it('ends an execution that has not begun', () => {
    const run = new Run(two)
    run.send({ type: 'abortRequested', by: 'jane' })
    expect(run.finished).toBe('ABORTED')
    expect(run.start().tasks).toEqual([])
  })
})

describe('timeouts', () => {
  it.each([
    [
      'step',
      pipelineYaml(stageYaml('s', groupYaml('g', stepYaml('a', 'timeout: 5m,')))),
      'The step "a" ran into its timeout of 5m.',
      ['EXPIRED', 'EXPIRED', 'EXPIRED', 'EXPIRED'],
    ],
    [
      'group',
      pipelineYaml(stageYaml('s', groupYaml('g', stepYaml('a'), 'timeout: 5m,'))),
      'The step group "g" ran into its timeout of 5m.',
      ['EXPIRED', 'EXPIRED', 'EXPIRED', 'EXPIRED'],
    ],
    [
      'stage',
      pipelineYaml(stageYaml('s', groupYaml('g', stepYaml('a')), 'timeout: 5m,')),
      'The stage "s" ran into its timeout of 5m.',
      ['EXPIRED', 'EXPIRED', 'EXPIRED', 'EXPIRED'],
    ],
    [
      'pipeline',
      pipelineYaml(stageYaml('s', groupYaml('g', stepYaml('a'))), '  timeout: 5m\n'),
      'The pipeline "P" ran into its timeout of 5m.',
      ['EXPIRED', 'EXPIRED', 'EXPIRED', 'EXPIRED'],
    ],
  ])('of a %s cancel what runs and end EXPIRED with a sentence', (_level, yaml, sentence, statuses) => {
    const run = new Run(yaml).start()
    run.succeed()
    run.send({ type: 'nodeDue' }, 300_000)
    expect(run.status('steps.a')).toBe('ABORTING')
    run.fail('cancelled')
    expect([run.status('steps.a'), run.status('steps.g'), run.status('stages.s'), run.finished]).toEqual(statuses)
    expect(run.record('pipeline').failure?.message).toContain(sentence)
    expect(run.record('pipeline').failure?.failureTypes).toEqual(['Timeout'])
    expect(run.task().taskKind).toBe('pod.cleanup')
  })

  it('may be expressions, and a task knows the nearest one', () => {
    const variables = '  variables: [{ name: limit, type: String, value: 2m }]\n  timeout: 1m\n'
    const run = new Run(
      pipelineYaml(stageYaml('s', groupYaml('g', stepYaml('a', 'timeout: <+pipeline.variables.limit>,'))), variables),
    ).start()
    run.succeed()
    const deadline = run.record('pipeline').deadlineAt
    expect(run.task().deadlineAt).toBe(deadline)
    expect(run.record('steps.a').deadlineAt).toBe(run.now + 120_000)
    expect(run.effects).toContainEqual({ type: 'startTimer', nodeId: run.record('steps.a').id, at: run.now + 120_000 })
    expect(nextDueAt(run.state)).toBe(deadline)
  })

  it('can be ignored by a strategy for timeouts', () => {
    const strategy = 'timeout: 5m, failureStrategies: [{ onFailure: { errors: [Timeout], action: { type: Ignore } } }],'
    const run = new Run(
      pipelineYaml(stageYaml('s', [groupYaml('g', stepYaml('a'), strategy), stepYaml('b')].join())),
    ).start()
    run.succeed()
    run.send({ type: 'nodeDue' }, 300_000)
    run.fail('cancelled')
    expect([run.status('steps.g'), run.status('b:pod:initialize')]).toEqual(['IGNORE_FAILED', 'TASK_WAITING'])
  })
})

describe('after a restart', () => {
  it('the tasks that nobody acknowledged are handed over again, the same', () => {
    const run = new Run(two).start()
    expect(outstandingEffects(run.plan, run.state, run.now)).toContainEqual(run.task())
    run.send({ type: 'taskSubmitted', attemptId: run.task().attemptId, taskKind: 'pod.init', taskId: 'tsk-1' })
    expect(outstandingEffects(run.plan, run.state, run.now).map((effect) => effect.type)).toEqual(['startTimer'])
    run.send({ type: 'abortRequested', by: 'jane' })
    expect(outstandingEffects(run.plan, run.state, run.now).map((effect) => effect.type)).toEqual([
      'cancelTask',
      'startTimer',
    ])
    run.fail()
    expect(outstandingEffects(run.plan, run.state, run.now)).toEqual([run.task()])
    run.send({ type: 'taskSubmitted', attemptId: run.task().attemptId, taskKind: 'pod.cleanup', taskId: 'tsk-2' })
    expect(outstandingEffects(run.plan, run.state, run.now)).toEqual([])
  })
})

describe('secrets', () => {
  it('travel as references of the execution, never as values', () => {
    const run = new Run(
      pipelineYaml(stageYaml('s', stepYaml('a', '', 'DBSchemaApply', `, tag: '<+secrets.getValue("org.pw")>'`))),
    ).start()
    run.succeed()
    expect(run.task().spec['tag']).toBe(`\${secret:${SECRET_TOKEN}:org.pw}`)
    expect(run.task().secretToken).toBe(SECRET_TOKEN)
  })
})

describe('selectors', () => {
  it('come from the first level that has some, with its name, and a pod suits all of its steps', () => {
    const withSelectors = (id: string, selectors: string) =>
      stepYaml(id, '', 'DBSchemaUpdateSQL', `, delegateSelectors: [${selectors}]`)
    const run = new Run(
      pipelineYaml(
        stageYaml(
          's',
          groupYaml('g', [withSelectors('a', 'step-<+pipeline.sequenceId>'), stepYaml('b')].join()),
          'delegateSelectors: [stage],',
        ),
        '  delegateSelectors: [pipeline]\n',
      ),
    ).start()
    expect(run.task().selectors).toEqual([
      { selector: 'step-17', origin: 'step' },
      { selector: 'stage', origin: 'stage' },
    ])
    run.succeed()
    expect(run.task().selectors).toEqual([{ selector: 'step-17', origin: 'step' }])
  })
})

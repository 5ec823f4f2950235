import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupYaml, pipelineYaml, Run, stageYaml, stepYaml } from '../../test/run-pipeline.ts'
import { CANCEL_GRACE_MS, isActive, isFinal, nextDueAt, nodeIdOfAttempt } from '../index.ts'

const action = fc.constantFrom('', 'Ignore', 'MarkAsSuccess', 'MarkAsFailure', 'Abort')
const extras = fc
  .record({
    action,
    status: fc.constantFrom('', 'Success', 'Failure', 'All'),
    timeout: fc.constantFrom('', '10s', '1m', '<+nothing>'),
    errors: fc.constantFrom('AllErrors', 'Timeout', 'Unknown'),
  })
  .map(
    ({ action: type, status, timeout, errors }) =>
      (scope: string) =>
        [
          type === '' ? '' : `failureStrategies: [{ onFailure: { errors: [${errors}], action: { type: ${type} } } }],`,
          status === '' ? '' : `when: { ${scope}: ${status} },`,
          timeout === '' ? '' : `timeout: ${timeout},`,
        ].join(' '),
  )
const step = fc.tuple(extras, fc.constantFrom('', ', resources: { limits: { cpu: <+nothing> } }')).map(
  ([extra, spec]) =>
    (id: string) =>
      stepYaml(id, extra('stageStatus'), 'DBSchemaUpdateSQL', spec),
)
const group = fc.tuple(fc.array(step, { minLength: 1, maxLength: 3 }), extras, fc.boolean()).map(
  ([steps, extra, pod]) =>
    (id: string) =>
      groupYaml(id, steps.map((make, index) => make(`s${index}`)).join(), extra('stageStatus'), pod ? undefined : ''),
)
const stage = fc.tuple(fc.array(fc.oneof(step, group), { minLength: 1, maxLength: 3 }), extras).map(
  ([items, extra]) =>
    (id: string) =>
      stageYaml(id, items.map((make, index) => make(`i${index}`)).join(), extra('pipelineStatus')),
)
const pipeline = fc
  .array(stage, { minLength: 1, maxLength: 3 })
  .map((stages) => pipelineYaml(stages.map((make, index) => make(`t${index}`)).join()))

const move = fc.record({
  kind: fc.constantFrom(
    'succeed',
    'succeed',
    'succeed',
    'succeed',
    'fail',
    'lost',
    'submitted',
    'submitFailed',
    'assigned',
    'waiting',
    'due',
    'due',
    'abort',
    'start',
  ),
  pick: fc.nat(5),
  after: fc.constantFrom(0, 1, 5_000, 70_000, CANCEL_GRACE_MS),
})

function act(run: Run, { kind, pick, after }: { kind: string; pick: number; after: number }): void {
  const task = run.tasks.at(-1 - (pick % Math.max(1, run.tasks.length)))
  run.now += after
  if (kind === 'start') return void run.start()
  if (kind === 'due') return void run.send({ type: 'nodeDue' })
  if (kind === 'abort') return void (pick === 0 ? run.send({ type: 'abortRequested', by: 'jane' }) : undefined)
  if (task === undefined) return
  const { attemptId, taskKind } = task
  const failure = { code: 'X', message: 'it broke', failureTypes: pick % 2 === 0 ? (['Unknown'] as const).slice() : [] }
  if (kind === 'succeed') run.succeed({}, task)
  if (kind === 'fail') run.fail('it broke', task)
  if (kind === 'lost') run.send({ type: 'taskLost', attemptId, taskKind, message: 'gone' })
  if (kind === 'submitted') run.send({ type: 'taskSubmitted', attemptId, taskKind, taskId: `tsk-${pick}` })
  if (kind === 'submitFailed') run.send({ type: 'taskSubmitFailed', attemptId, taskKind, failure })
  if (kind === 'assigned') run.send({ type: 'taskAssigned', attemptId, delegate: { id: 'dlg-1', name: 'd' } })
  if (kind === 'waiting') run.send({ type: 'taskWaiting', attemptId, message: `${pick}` })
}

/** What holds after every event. */
function check(run: Run): void {
  for (const node of run.plan.nodes) {
    const record = run.state.nodes.get(node.id)
    const children = node.children.map((id) => run.state.nodes.get(id))
    if (record === undefined) throw new Error('a node is missing')
    const active = children.filter((child) => child !== undefined && isActive(child.status))
    // Sequence: at most one thing runs, and something runs in whatever runs.
    expect(active.length).toBeLessThanOrEqual(1)
    if (node.kind !== 'step' && isActive(record.status)) expect(active).toHaveLength(1)
    if (node.kind === 'step' && isActive(record.status)) expect(record.task).not.toBeNull()
    if (isFinal(record.status))
      expect(children.every((child) => child !== undefined && isFinal(child.status))).toBe(true)
    // What is being ended is ended in all of its parts: nothing in it runs on unasked.
    if (record.stop !== null)
      expect(active.every((child) => child?.stop != null && child.status === 'ABORTING')).toBe(true)
    if (isFinal(record.status)) expect(record.endedAt).not.toBeNull()
  }
}

describe('any pipeline under any events', () => {
  it('moves one thing at a time, always ends, and takes away exactly the pods that were begun', () => {
    fc.assert(
      fc.property(pipeline, fc.array(move, { maxLength: 40 }), (yaml, moves) => {
        const run = new Run(yaml)
        for (const next of moves) {
          act(run, next)
          check(run)
        }
        run.start()
        // From here on nobody answers: time alone ends it.
        for (let round = 0; run.finished === undefined; round += 1) {
          expect(round).toBeLessThan(200)
          const due = nextDueAt(run.state)
          expect(due).not.toBeNull()
          run.now = Math.max(run.now, due ?? 0)
          run.send({ type: 'nodeDue' })
          check(run)
        }
        expect([...run.state.nodes.values()].every((record) => isFinal(record.status))).toBe(true)
        const pods = (kind: string) =>
          run.tasks
            .filter((task) => task.taskKind === kind)
            .map((task) => task.podId)
            .toSorted()
        expect(pods('pod.cleanup')).toEqual(pods('pod.init'))
        expect(new Set(pods('pod.init')).size).toBe(pods('pod.init').length)
        // Each attempt is handed over once; each node's transitions form one chain that ends once.
        const keys = run.tasks.map((task) => `${task.attemptId} ${task.taskKind}`)
        expect(new Set(keys).size).toBe(keys.length)
        expect(run.tasks.every((task) => nodeIdOfAttempt(task.attemptId) === task.nodeId)).toBe(true)
        for (const record of run.state.nodes.values()) {
          const chain = run.transitions.filter((transition) => transition.nodeId === record.id)
          chain.forEach((transition, index) =>
            expect(transition.from).toBe(index === 0 ? 'QUEUED' : chain[index - 1]?.to),
          )
          expect(chain.filter((transition) => isFinal(transition.to))).toHaveLength(1)
        }
      }),
      { numRuns: 250 },
    )
  })
})

import {
  advance,
  type Advance,
  compilePlan,
  createExecution,
  type Effect,
  type ExecutionEvent,
  type ExecutionPlan,
  type ExecutionState,
  loadExecution,
  type NodeRecord,
  type NodeTransition,
  parsePipelineYaml,
  type SubmitTaskEffect,
} from '../src/index.ts'

export const SECRET_TOKEN = 'token-of-this-execution-0123456789'

/** A plan of YAML that must be valid. */
export function planOf(yaml: string): ExecutionPlan {
  const parsed = parsePipelineYaml(yaml)
  if (!parsed.ok) throw new Error(parsed.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  return compilePlan(parsed.pipeline, {
    executionId: 'pex-1',
    accountId: 'acc-1',
    secretToken: SECRET_TOKEN,
    sequenceId: 17,
    startTs: 1_000,
    triggeredBy: { name: 'jane' },
    triggerType: 'MANUAL',
  })
}

/** Drives an execution event by event, as pipeline-service does: rows are stored and loaded again between events. */
export class Run {
  readonly plan: ExecutionPlan
  state: ExecutionState
  now = 1_000
  readonly effects: Effect[] = []
  readonly transitions: NodeTransition[] = []

  constructor(yaml: string) {
    this.plan = planOf(yaml)
    this.state = createExecution(this.plan, (id) => `nod-${this.plan.nodes.findIndex((node) => node.id === id)}`)
  }

  send(event: WithoutTime<ExecutionEvent>, afterMs = 1): Advance {
    this.now += afterMs
    const before = this.state
    const result = advance(this.plan, before, { ...event, at: this.now })
    for (const { record, expectedVersion } of result.changed) {
      if (before.nodes.get(record.planNodeId)?.version !== expectedVersion) throw new Error('a version was skipped')
    }
    // What is stored is JSON, and only the changed rows of it.
    const rows = new Map<string, NodeRecord>(before.nodes)
    for (const { record } of result.changed) rows.set(record.planNodeId, JSON.parse(JSON.stringify(record)))
    this.state = loadExecution(this.plan, rows.values())
    this.effects.push(...result.effects)
    this.transitions.push(...result.transitions)
    return result
  }

  start(): this {
    this.send({ type: 'executionStarted' })
    return this
  }

  /** Tasks handed over so far, latest last. */
  get tasks(): SubmitTaskEffect[] {
    return this.effects.filter((effect) => effect.type === 'submitTask')
  }

  task(index = -1): SubmitTaskEffect {
    const task = this.tasks.at(index)
    if (task === undefined) throw new Error('no task was submitted')
    return task
  }

  succeed(outputs = {}, task = this.task()): Advance {
    const delegate = { id: 'dlg-1', name: 'laptop' }
    return this.send({
      type: 'taskFinished',
      attemptId: task.attemptId,
      taskKind: task.taskKind,
      delegate,
      result: { outcome: 'succeeded', outputs },
    })
  }

  fail(message = 'it broke', task = this.task(), failureTypes: ('Unknown' | 'Connectivity')[] = ['Unknown']): Advance {
    const failure = { code: 'STATEMENT_FAILED', message, failureTypes }
    return this.send({
      type: 'taskFinished',
      attemptId: task.attemptId,
      taskKind: task.taskKind,
      result: { outcome: 'failed', failure },
    })
  }

  record(suffix: string): NodeRecord {
    const found = [...this.state.nodes.values()].filter((record) => record.planNodeId.endsWith(suffix))
    const [record, more] = found
    if (record === undefined || more !== undefined) throw new Error(`${found.length} nodes end with ${suffix}`)
    return record
  }

  status(suffix: string): string {
    return this.record(suffix).status
  }

  get finished(): string | undefined {
    const ends = this.effects.filter((effect) => effect.type === 'executionFinished')
    if (ends.length > 1) throw new Error('the execution finished twice')
    return ends[0]?.status
  }
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never

/** YAML of a pipeline; `steps` is indented by the caller's flow style. */
export function pipelineYaml(stages: string, extra = ''): string {
  return `pipeline:\n  identifier: p\n  name: P\n${extra}  stages: [${stages}]\n`
}
export const stageYaml = (id: string, steps: string, extra = '') =>
  `{ stage: { identifier: ${id}, type: Custom, ${extra} spec: { execution: { steps: [${steps}] } } } }`
export const groupYaml = (id: string, steps: string, extra = '', infra = ', stepGroupInfra: { type: Process }') =>
  `{ stepGroup: { identifier: ${id}${infra}, ${extra} steps: [${steps}] } }`
export const stepYaml = (id: string, extra = '', type = 'DBSchemaUpdateSQL', spec = '') =>
  `{ step: { identifier: ${id}, type: ${type}, ${extra} spec: { dbSchema: orders, dbInstance: stg${spec} } } }`

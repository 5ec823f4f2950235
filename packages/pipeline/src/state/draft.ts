import { AppError } from '@sluice/contracts/errors'
import { type ExecutionPlan, indexPlan, type PlanNode } from '../plan/execution-plan.ts'
import type { Effect, NodeTransition } from './effect.ts'
import { type ExecutionState, recordOf } from './execution-state.ts'
import { isFinal } from './node-status.ts'
import { nodeIdOfAttempt, type NodeRecord } from './node-record.ts'

/** A row to write: its content, and the version that must still be stored. */
export interface NodeChange {
  readonly record: NodeRecord
  readonly expectedVersion: number
}

/** What one event did. All empty and `state` the same object: the event had nothing to say. */
export interface Advance {
  readonly state: ExecutionState
  readonly changed: readonly NodeChange[]
  readonly transitions: readonly NodeTransition[]
  readonly effects: readonly Effect[]
}

/**
 * The work of one event: a copy of the state that is written to, and what came of it. Parents that may go on are kept in
 * a list instead of being called, so a thousand skipped nodes need no deep stack.
 */
export class Draft {
  readonly plan: ExecutionPlan
  readonly at: number
  readonly #before: ExecutionState
  readonly #plan: ReadonlyMap<string, PlanNode>
  readonly #nodes: Map<string, NodeRecord>
  readonly #changed = new Set<string>()
  readonly #transitions: NodeTransition[] = []
  readonly #effects: Effect[] = []
  readonly #pending: string[] = []

  constructor(plan: ExecutionPlan, state: ExecutionState, at: number) {
    this.plan = plan
    this.at = at
    this.#before = state
    this.#plan = indexPlan(plan)
    this.#nodes = new Map(state.nodes)
  }

  get nodes(): ReadonlyMap<string, PlanNode> {
    return this.#plan
  }

  /** The state as it is now. */
  get state(): ExecutionState {
    return { nodes: this.#nodes }
  }

  node(planNodeId: string): PlanNode {
    const node = this.#plan.get(planNodeId)
    if (node === undefined) throw new AppError('INTERNAL', `The plan has no node "${planNodeId}".`)
    return node
  }

  record(planNodeId: string): NodeRecord {
    return recordOf(this.state, planNodeId)
  }

  /** The record that an attempt belongs to. */
  recordOfAttempt(attemptId: string): NodeRecord | undefined {
    const nodeId = nodeIdOfAttempt(attemptId)
    for (const record of this.#nodes.values()) if (record.id === nodeId) return record
    return undefined
  }

  children(planNodeId: string): readonly NodeRecord[] {
    return this.node(planNodeId).children.map((id) => this.record(id))
  }

  /** Changes a record; a new status becomes a transition with this reason. */
  update(planNodeId: string, patch: Partial<Omit<NodeRecord, 'id' | 'planNodeId' | 'version'>>, reason = ''): void {
    const old = this.record(planNodeId)
    const record = { ...old, ...patch }
    this.#nodes.set(planNodeId, record)
    this.#changed.add(planNodeId)
    if (record.status === old.status) return
    this.#transitions.push({ nodeId: old.id, planNodeId, from: old.status, to: record.status, at: this.at, reason })
    const { parentId } = this.node(planNodeId)
    // Touching the parent makes two racing writers meet on its row, so neither overlooks the other's child.
    if (isFinal(record.status) && parentId !== null) this.#changed.add(parentId)
  }

  emit(effect: Effect): void {
    this.#effects.push(effect)
  }

  /** Notes that a group, stage or pipeline may go on. */
  continueWith(planNodeId: string | null): void {
    if (planNodeId !== null) this.#pending.push(planNodeId)
  }

  takePending(): string | undefined {
    return this.#pending.shift()
  }

  finish(): Advance {
    if (this.#changed.size === 0) return { state: this.#before, changed: [], transitions: [], effects: this.#effects }
    const changed: NodeChange[] = []
    for (const planNodeId of this.#changed) {
      const expectedVersion = recordOf(this.#before, planNodeId).version
      const record = { ...this.record(planNodeId), version: expectedVersion + 1 }
      this.#nodes.set(planNodeId, record)
      changed.push({ record, expectedVersion })
    }
    return { state: this.state, changed, transitions: this.#transitions, effects: this.#effects }
  }
}

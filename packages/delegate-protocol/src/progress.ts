import type { DelegateMessage } from './frames.ts'
import { DEFAULT_TIMING, MAX_PROGRESS_EVENTS, PROGRESS_LIMIT_BYTES } from './limits.ts'

interface Pending {
  dueAt: number
  bytes: number
  events: { event: unknown; bytes: number }[]
  dropped: number
}

/**
 * Gathers progress events per task, so that at most one `task.progress` per task goes out in each interval.
 * Progress is best effort: past 256 events or 256 KiB the oldest are dropped and counted.
 */
export class ProgressBuffer {
  readonly #pending = new Map<string, Pending>()
  readonly #coalesceMs: number

  constructor(coalesceMs: number = DEFAULT_TIMING.progressCoalesceMs) {
    this.#coalesceMs = coalesceMs
  }

  /** @param now milliseconds since 1970 */
  add(taskId: string, event: unknown, now: number): void {
    const pending = this.#pending.get(taskId) ?? { dueAt: now + this.#coalesceMs, bytes: 0, events: [], dropped: 0 }
    this.#pending.set(taskId, pending)
    const bytes = Buffer.byteLength(JSON.stringify(event) ?? '', 'utf8')
    if (bytes > PROGRESS_LIMIT_BYTES) {
      pending.dropped += 1
      return
    }
    pending.events.push({ event, bytes })
    pending.bytes += bytes
    while (pending.events.length > MAX_PROGRESS_EVENTS || pending.bytes > PROGRESS_LIMIT_BYTES) {
      pending.bytes -= pending.events.shift()?.bytes ?? 0
      pending.dropped += 1
    }
  }

  /** Removes and returns the messages whose interval is over. */
  takeDue(now: number): DelegateMessage[] {
    const messages: DelegateMessage[] = []
    for (const [taskId, pending] of this.#pending) {
      if (pending.dueAt > now) continue
      this.#pending.delete(taskId)
      const events = pending.events.map((entry) => entry.event)
      messages.push({ kind: 'task.progress', body: { taskId, events, dropped: pending.dropped } })
    }
    return messages
  }

  /** When `takeDue` next has something, in milliseconds since 1970. */
  nextDue(): number | undefined {
    let next: number | undefined
    for (const { dueAt } of this.#pending.values()) next = next === undefined ? dueAt : Math.min(next, dueAt)
    return next
  }

  /** Forgets a task whose result is final. */
  drop(taskId: string): void {
    this.#pending.delete(taskId)
  }
}

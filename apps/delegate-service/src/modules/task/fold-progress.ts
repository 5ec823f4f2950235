import { UnitStatus } from '@sluice/contracts/execution-graph'
import { EpochMs } from '@sluice/contracts/ids'
import { PROGRESS_UNITS_MAX, type TaskProgress } from '@sluice/contracts/task-progress'
import { z } from 'zod'

/** What is told of a running task, without whose it is. */
export type Progress = Pick<TaskProgress, 'sequence' | 'units' | 'changesets'>

/** Characters of what a changeset is called; longer ones are cut, for this is only shown. */
const NAME_MAX = 255
const PATH_MAX = 1_024

const Count = z.number().int().min(0).max(1_000_000)

/** Events of a step that say how far it is. A delegate sends more kinds than these. */
const ProgressEvent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('unit'),
    seq: z.number().int().min(0),
    name: z.string().min(1).max(64),
    status: UnitStatus,
    at: EpochMs,
    durationMs: z.number().min(0),
  }),
  z.object({
    kind: z.literal('changeset'),
    seq: z.number().int().min(0),
    changeset: z.object({ path: z.string(), id: z.string(), author: z.string() }),
    state: z.string().max(32),
    at: EpochMs,
    durationMs: z.number().min(0),
    index: Count,
    total: Count,
  }),
])
type ProgressEvent = z.infer<typeof ProgressEvent>

export const NO_PROGRESS: Progress = { sequence: 0, units: [] }

/** Adds a delegate's events to what is known of a task; the same object where they say nothing new of its progress. */
export function foldProgress(known: Progress, events: readonly unknown[]): Progress {
  let progress = known
  for (const event of events) {
    const parsed = ProgressEvent.safeParse(event)
    if (parsed.success && parsed.data.seq > progress.sequence) progress = add(progress, parsed.data)
  }
  return progress
}

function add(progress: Progress, event: ProgressEvent): Progress {
  const { seq: sequence, at } = event
  const startedAt = Math.max(0, Math.round(at - event.durationMs))
  if (event.kind === 'changeset') {
    const { path, id, author } = event.changeset
    return {
      ...progress,
      sequence,
      changesets: {
        done: event.index + (event.state === 'running' ? 0 : 1),
        total: event.total,
        current: {
          path: path.slice(0, PATH_MAX),
          id: id.slice(0, NAME_MAX),
          author: author.slice(0, NAME_MAX),
          state: event.state,
          startTs: startedAt,
        },
      },
    }
  }
  const { name, status } = event
  const before = progress.units.find((unit) => unit.name === name)
  if (before === undefined && progress.units.length >= PROGRESS_UNITS_MAX) return progress
  const unit = {
    name,
    status,
    startedAt: before?.startedAt ?? startedAt,
    ...(status === 'running' ? {} : { endedAt: at }),
  }
  const units =
    before === undefined ? [...progress.units, unit] : progress.units.map((other) => (other === before ? unit : other))
  return { ...progress, sequence, units }
}

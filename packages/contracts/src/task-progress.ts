import { z } from 'zod'
import { ChangesetProgress, UnitStatus } from './execution-graph.ts'
import { EpochMs } from './ids.ts'

/** Kind of the message in `pipeline.inbox` that says how far a running task has come. */
export const TASK_PROGRESS_KIND = 'task.progress'

/** Most units that a task may tell of. */
export const PROGRESS_UNITS_MAX = 32

/**
 * How far a running task has come, whole as far as its sender knows: of two, the one with the higher sequence says more.
 * May come late, twice, out of order, or never; the result says everything again.
 */
export const TaskProgress = z.object({
  taskId: z.string().max(64),
  attemptId: z.string().max(128),
  /** Number of the newest of the attempt's events that is in it. */
  sequence: z.number().int().min(0),
  units: z
    .array(
      z.object({
        name: z.string().min(1).max(64),
        status: UnitStatus,
        startedAt: EpochMs,
        endedAt: EpochMs.optional(),
      }),
    )
    .max(PROGRESS_UNITS_MAX),
  changesets: ChangesetProgress.optional(),
})
export type TaskProgress = z.infer<typeof TaskProgress>

import type { ChangesetReport, TaskResult } from '@sluice/contracts/tasks'
import { z } from 'zod'

/** The public output `ChangeSets` of an apply: what this very run did. */
const RanChangesets = z.array(
  z.object({ id: z.string(), author: z.string(), filePath: z.string(), status: z.string() }),
)

function ranChangesets(result: TaskResult): z.infer<typeof RanChangesets> {
  const text = result.outputs['ChangeSets']
  if (typeof text !== 'string') return []
  try {
    const parsed = RanChangesets.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : []
  } catch {
    // Cut to the size of an output: the history then says what is deployed, not that this run did it.
    return []
  }
}

/** Tells the changesets that this run deployed from those that were deployed before. */
export function markRanNow(changesets: readonly ChangesetReport[], result: TaskResult): ChangesetReport[] {
  const ran = new Set(
    ranChangesets(result)
      .filter(({ status }) => status === 'deployed')
      .map(({ id, author, filePath }) => JSON.stringify([filePath, id, author])),
  )
  return changesets.map((changeset) =>
    changeset.status === 'deployed' && ran.has(JSON.stringify([changeset.path, changeset.id, changeset.author]))
      ? { ...changeset, status: 'ran-now' }
      : changeset,
  )
}

import type { InstanceOverview } from '@sluice/contracts/dbops-state'
import type { ExecutionSummary, PipelineSummary } from '@sluice/contracts/pipelines'
import { runLook, type StatusLook } from '../../design/status.ts'

/** Something that waits for a person. */
export interface Attention {
  key: string
  look: StatusLook
  title: string
  /** Why, in a sentence. */
  reason: string
  /** Epoch ms. */
  at: number | undefined
}

/** Pipelines whose last run failed: a failure that a later run mended needs nobody. */
export function failedPipelines(
  pipelines: readonly PipelineSummary[],
): { executionId: string; attention: Attention }[] {
  return pipelines.flatMap(({ identifier, name, recentExecutions }) => {
    const last = recentExecutions?.[0]
    if (last === undefined || runLook(last.status).tone !== 'failure') return []
    const attention = {
      key: `pipeline ${identifier}`,
      look: runLook(last.status),
      title: `${name} #${last.runSequence}`,
      reason: `Started by ${last.triggeredBy.name}. No later run has succeeded.`,
      at: last.endTs ?? last.startTs,
    }
    return [{ executionId: last.executionId, attention }]
  })
}

/** A run that goes on or waits. */
export function openRun(run: ExecutionSummary): Attention {
  return {
    key: run.planExecutionId,
    look: runLook(run.status),
    title: `${run.name} #${run.runSequence}`,
    reason: `Started by ${run.executionTriggerInfo.triggeredBy.name}`,
    at: run.startTs,
  }
}

/** What was looked at, of how much. */
export interface Looked {
  schemas: { shown: number; total: number }
  pipelines: { shown: number; total: number }
  runs: { shown: number; total: number }
  /** Databases whose history nobody has read yet. */
  unread: number
}

/** What "nothing needs you" does not speak of, in sentences; empty where everything was looked at. */
export function blindSpots({ schemas, pipelines, runs, unread }: Looked): string[] {
  const parts = [
    partText(schemas, 'schemas'),
    partText(pipelines, 'pipelines'),
    partText(runs, 'runs that go on'),
  ].filter((part) => part !== '')
  return [
    ...(unread === 0
      ? []
      : [`${unread === 1 ? '1 database has' : `${unread.toLocaleString()} databases have`} not been looked at yet.`]),
    ...(parts.length === 0 ? [] : [`Only ${parts.join(' and ')} are looked at here.`]),
  ]
}

function partText({ shown, total }: { shown: number; total: number }, what: string): string {
  return total <= shown ? '' : `${shown.toLocaleString()} of ${total.toLocaleString()} ${what}`
}

/** What a database needs, worst first; undefined where it needs nothing. */
export function databaseAttention(schemaName: string, instance: InstanceOverview): Attention | undefined {
  const { changed, failed, pending } = instance.counts
  const title = `${schemaName} / ${instance.name}`
  const key = `database ${schemaName} ${instance.instance}`
  const at = instance.lastRefreshedAt
  if (instance.lastFailure !== undefined) {
    const { message, at: failedAt } = instance.lastFailure
    return {
      key,
      title,
      at: failedAt,
      reason: message,
      look: { label: 'Last try failed', tone: 'failure', shape: 'warning' },
    }
  }
  const parts = [countText(failed, 'failed'), countText(changed, 'changed since'), countText(pending, 'pending')]
  const reason = parts.filter((part) => part !== '').join(', ')
  if (reason === '') return undefined
  const look: StatusLook =
    failed + changed > 0
      ? { label: 'Needs a look', tone: 'failure', shape: 'warning' }
      : { label: 'Behind', tone: 'waiting', shape: 'clock' }
  return { key, title, at, reason: `${reason} ${failed + changed + pending === 1 ? 'changeset' : 'changesets'}`, look }
}

function countText(count: number, what: string): string {
  return count === 0 ? '' : `${count.toLocaleString()} ${what}`
}

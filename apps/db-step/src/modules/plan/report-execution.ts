import type { ExecuteEvent } from '@sluice/changelog'
import type { StepReporter } from '../step/step-reporter.ts'

interface ChangesetMoment {
  changeSet: { id: string; author: string; filePath: string }
  state: 'running' | 'deployed' | 'skipped' | 'failed'
  index: number
  total: number
  ms?: number
  message?: string
}

/** Writes what the engine does into the log, and tells the delegate what happened to each changeset. */
export function reportExecution(event: ExecuteEvent, reporter: StepReporter): void {
  const tell = (moment: ChangesetMoment): void =>
    reporter.add({
      $case: 'changeset',
      value: {
        path: moment.changeSet.filePath,
        id: moment.changeSet.id,
        author: moment.changeSet.author,
        state: moment.state,
        timeMs: Date.now(),
        durationMs: Math.round(moment.ms ?? 0),
        index: moment.index,
        total: moment.total,
        message: reporter.mask(moment.message ?? ''),
      },
    })
  switch (event.kind) {
    case 'lockWaiting':
      reporter.line(
        'info',
        `Waiting for the changelog lock held by ${event.heldBy}${event.since === null ? '' : ` since ${event.since}`}`,
      )
      return
    case 'lockTaken':
      reporter.line('info', `Took the changelog lock as ${event.owner}`)
      if (event.takenOverFrom !== null)
        reporter.line('warn', `The lock's last holder, ${event.takenOverFrom}, is gone; it was taken over`)
      return
    case 'tablesCreated':
      reporter.line('info', `Created ${event.tables.join(' and ')}`)
      return
    case 'checksumUpgraded':
      reporter.line('info', `Wrote the checksum of ${nameOf(event.changeSet)} in the current form`)
      return
    case 'changeSetStarted':
      reporter.line(
        'info',
        `[${event.index + 1}/${event.total}] ${nameOf(event.changeSet)} (${event.at.file}:${event.at.line})`,
      )
      tell({ changeSet: event.changeSet, state: 'running', index: event.index, total: event.total })
      return
    case 'statementDone':
      reporter.line('info', event.sql)
      reporter.line('debug', `    ${event.rowCount === null ? 'done' : `${event.rowCount} rows`} in ${event.ms} ms`)
      return
    case 'changeSetApplied': {
      const { changeSet, ms, execType } = event.applied
      const state = execType === 'MARK_RAN' ? 'skipped' : 'deployed'
      reporter.line('info', `${nameOf(changeSet)}: ${execType} in ${ms} ms`)
      tell({ changeSet, state, index: event.index, total: event.total, ms })
      return
    }
    case 'changeSetSkipped':
      reporter.line('info', event.sentence)
      tell({
        changeSet: event.changeSet,
        state: 'skipped',
        index: event.index,
        total: event.total,
        message: event.sentence,
      })
      return
    case 'changeSetFailed':
      reporter.line(event.continues ? 'warn' : 'error', event.failure.sentence)
      tell({
        changeSet: event.failure.changeSet,
        state: 'failed',
        index: event.index,
        total: event.total,
        message: event.failure.sentence,
      })
      return
    case 'notice':
      reporter.line('info', event.message)
      return
    case 'tagged':
      reporter.line('info', `Tagged "${event.tag}"`)
      return
    case 'lockReleased':
      reporter.line(
        event.released ? 'info' : 'warn',
        event.released ? 'Released the changelog lock' : 'The changelog lock was no longer ours',
      )
  }
}

function nameOf({ id, author, filePath }: { id: string; author: string; filePath: string }): string {
  return `${filePath}::${id}::${author}`
}

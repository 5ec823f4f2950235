import {
  RepositoryBranches,
  RepositoryListing,
  RepositoryText,
  type RepositoryFolder,
  type TaskEvent,
} from '@sluice/contracts/tasks'
import { z } from 'zod'
import type { Outcome } from '../direct/finish-request.ts'
import { findChangelogs } from './find-changelogs.ts'

/** What a delegate answers to `scm.call`. */
const Data = z.union([
  z.object({ branches: RepositoryBranches }),
  z.object({ listing: RepositoryListing }).transform(({ listing }) => ({ folder: toFolder(listing) })),
  z.object({ file: RepositoryText }),
])

export function toFolder({ paths, ...listing }: RepositoryListing): RepositoryFolder {
  return { ...listing, changelogs: findChangelogs(paths) }
}

/** The outcome of a repository that a delegate read. Pure. */
export function repositoryOutcome(kind: string, event: Extract<TaskEvent, { kind: 'task.finished' }>): Outcome {
  const { result, delegateName } = event
  if (result.outcome === 'failed') {
    const { code, message } = result.failure
    return { status: 'FAILURE', result: undefined, error: { code, message }, delegateName }
  }
  const data = Data.safeParse(result.data)
  if (data.success && kind in data.data) return { status: 'SUCCESS', result: data.data, error: undefined, delegateName }
  const message = 'The delegate answered with something else than was asked for. Update the delegate.'
  return { status: 'FAILURE', result: undefined, error: { code: 'TASK_REJECTED', message }, delegateName }
}

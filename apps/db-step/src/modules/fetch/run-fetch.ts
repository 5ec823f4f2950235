import type { Files } from '@sluice/changelog'
import type { GitSource } from '@sluice/contracts/tasks'
import { AppError } from '@sluice/contracts/errors'
import { inEdgeSpan } from '@sluice/pod/program'
import { secretOf, type StepContext } from '../step/step-context.ts'
import { fetchSource } from './fetch-source.ts'
import { openCheckout } from './checkout-files.ts'
import { readGitRef } from './git-ref.ts'

export interface Source {
  files: Files
  commit: string
  /** Path of the changelog from the root of the repository. */
  location: string
}

/** Unit Fetch: brings the changelog's commit into the pod and makes sure that the changelog is in it. */
export function runFetch(source: GitSource, context: StepContext): Promise<Source> {
  const { reporter, signal } = context
  return reporter.unit('Fetch', async () => {
    const ref = readGitRef(source)
    reporter.line('info', `Fetching ${ref.kind} ${ref.name} of ${source.url}`)
    const startedAt = performance.now()
    const password = secretOf(context, source.passwordSecret)
    const options = {
      workspace: context.workspace,
      signal,
      ...(password === undefined ? {} : { password }),
      ...(context.gitCaFile === undefined ? {} : { caFile: context.gitCaFile }),
    }
    // The table counts a pod's git with the delegate that owns the pod.
    const edge = { traceparent: context.traceparent, from: 'delegate', to: 'git', process: 'step-container' }
    const fetched = await inEdgeSpan('fetch', edge, () => fetchSource(source, options))
    const how = fetched.isReused ? 'is here already from an earlier step' : 'is checked out'
    reporter.line('info', `Commit ${fetched.commit} ${how} (${Math.round(performance.now() - startedAt)} ms)`)
    const location = source.location.replace(/^(\.?\/)+/, '').replace(/\/+$/, '')
    const files = await openCheckout(fetched.root)
    const isThere =
      location !== '' && (await files.read(location, signal)) === undefined
        ? (await files.list(location, signal)) !== undefined
        : true
    if (!isThere) {
      throw new AppError(
        'CHANGELOG_NOT_FOUND',
        `There is no "${location}" at ${ref.kind} "${ref.name}" (commit ${fetched.commit.slice(0, 12)}) of "${source.url}". Correct the location in the DB schema, or push the changelog.`,
        { details: { location, commit: fetched.commit, url: source.url } },
      )
    }
    return { files, commit: fetched.commit, location }
  })
}

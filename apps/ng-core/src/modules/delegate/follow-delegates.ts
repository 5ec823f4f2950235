import { Readable } from 'node:stream'
import { allows } from '@sluice/access'
import type { Delegate, DelegateEvent, DelegatesEvent } from '@sluice/contracts/delegates'
import type { Scope } from '@sluice/contracts/ids'
import { loadAccessBindings, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { isCredentialAlive } from '../session/is-credential-alive.ts'
import { readDelegates } from './read-delegates.ts'

/** A comment this often keeps proxies from closing a quiet stream; heartbeats and lost publications are looked for, too. */
const PING_EVERY_MS = 15_000
/** Longest life of a stream: who reads on asks again, and is judged again. */
const READER_MAX_MS = 3_600_000
/** Delegates that one stream follows, by name; the list has pages for more. */
const FOLLOWED_MAX = 1_000

type FollowDeps = Pick<Deps, 'pool' | 'prisma' | 'delegateFeed'>

/**
 * Server-sent events of the delegates that can serve a scope, see the contract. Changes that come faster than the reader
 * reads are joined. It ends after an hour at most, and at once with the actor's session, API key or permission.
 */
export function followDelegates(deps: FollowDeps, actor: Actor, scope: Scope, signal: AbortSignal): Readable {
  const ends = AbortSignal.any([signal, AbortSignal.timeout(READER_MAX_MS)])
  return Readable.from(delegateEvents(deps, actor, scope, ends), { objectMode: false })
}

async function mayLook(deps: FollowDeps, actor: Actor, scope: Scope): Promise<boolean> {
  const [alive, bindings] = await Promise.all([
    isCredentialAlive(deps, actor),
    loadAccessBindings(deps.pool)(actor.accountId),
  ])
  return alive && allows(bindings, actor, 'core_delegate_view', scope)
}

/** What happened since the reader last looked. */
interface Pending {
  delegateIds: Set<string>
  /** All rows and the actor's rights. */
  everything: boolean
}

async function* delegateEvents(
  deps: FollowDeps,
  actor: Actor,
  scope: Scope,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let pending: Pending = { delegateIds: new Set(), everything: true }
  let wake = (): void => undefined
  const stopListening = await deps.delegateFeed.listen(actor.accountId, (news) => {
    if (news.type === 'delegate') pending.delegateIds.add(news.delegateId)
    else pending.everything = true
    wake()
  })
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort)
  let known: Map<string, Delegate> | undefined
  let lookedAt = 0
  try {
    while (!signal.aborted) {
      const everything = pending.everything || lookedAt + PING_EVERY_MS <= Date.now()
      const { delegateIds } = pending
      pending = { delegateIds: new Set(), everything: false }
      if (everything) {
        if (!(await mayLook(deps, actor, scope))) return
        lookedAt = Date.now()
      }
      const ids = everything ? undefined : [...delegateIds]
      const { delegates } = await readDelegates(deps, scope, { ids, limit: FOLLOWED_MAX, offset: 0 })
      if (known === undefined) yield eventOf('delegates', { delegates } satisfies DelegatesEvent)
      else yield changesIn(delegates, known) || ': ping\n\n'
      known ??= new Map()
      for (const delegate of delegates) known.set(delegate.identifier, delegate)
      await new Promise<void>((resolve) => {
        const news = signal.aborted || pending.everything || pending.delegateIds.size > 0
        const timer = setTimeout(resolve, news ? 0 : PING_EVERY_MS)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      // Nobody woke it: time for a ping, and for a look at what no publication tells.
      if (pending.delegateIds.size === 0) pending.everything = true
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    stopListening()
  }
}

function changesIn(delegates: readonly Delegate[], known: ReadonlyMap<string, Delegate>): string {
  return delegates
    .map((delegate) => {
      const before = known.get(delegate.identifier)
      if (before === undefined) return eventOf('delegate', { delegate, changed: [] } satisfies DelegateEvent)
      const changed = changedFields(before, delegate)
      return changed.length === 0 ? '' : eventOf('delegate', { delegate, changed } satisfies DelegateEvent)
    })
    .join('')
}

function changedFields(before: Delegate, after: Delegate): string[] {
  const old = new Map<string, unknown>(Object.entries(before))
  return Object.entries(after)
    .filter(([name, value]) => JSON.stringify(old.get(name)) !== JSON.stringify(value))
    .map(([name]) => name)
}

function eventOf(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

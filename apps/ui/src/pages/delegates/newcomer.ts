import type { Delegate } from '../../api/delegates.ts'

/** The delegate of the token that is connected now and was not when the wizard began. */
export function newcomer(
  delegates: readonly Delegate[],
  knownBefore: ReadonlySet<string>,
  tokenName: string,
): Delegate | undefined {
  return delegates.find(
    (delegate) => delegate.connected && delegate.tokenName === tokenName && !knownBefore.has(delegate.identifier),
  )
}

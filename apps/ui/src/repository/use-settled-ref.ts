import { useDebouncedValue } from '@mantine/hooks'
import type { GitRefChoice } from '../api/repository.ts'

/** A pause this long means that somebody has finished writing a name. */
export const SETTLED_MS = 400

/** The ref once nobody writes it any more: each question to a repository may cost a delegate a task. */
export function useSettledRef(gitRef: GitRefChoice): { ref: GitRefChoice; isSettled: boolean } {
  const [branch] = useDebouncedValue(gitRef.branch, SETTLED_MS)
  const [tag] = useDebouncedValue(gitRef.tag, SETTLED_MS)
  const [commit] = useDebouncedValue(gitRef.commit, SETTLED_MS)
  return {
    ref: { branch, tag, commit },
    isSettled: branch === gitRef.branch && tag === gitRef.tag && commit === gitRef.commit,
  }
}

import { IconGitBranch, IconGitCommit, IconTag } from '@tabler/icons-react'
import type { DbInstance } from '../../api/schemas.ts'
import classes from './git-ref.module.css'

/** Branch, tag or commit that an instance follows. */
export function GitRef({ instance }: { instance: Pick<DbInstance, 'branch' | 'gitTag' | 'commitSha'> }) {
  const { branch, gitTag, commitSha } = instance
  if (branch !== undefined) {
    return (
      <span className={classes.ref} title="Branch">
        <IconGitBranch size={14} aria-label="Branch" /> {branch}
      </span>
    )
  }
  if (gitTag !== undefined) {
    return (
      <span className={classes.ref} title="Tag">
        <IconTag size={14} aria-label="Tag" /> {gitTag}
      </span>
    )
  }
  return commitSha === undefined ? (
    <span>Default branch</span>
  ) : (
    <span className={classes.ref} title={commitSha}>
      <IconGitCommit size={14} aria-label="Commit" /> <code>{commitSha.slice(0, 12)}</code>
    </span>
  )
}

import { Loader } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { fileQuery, folderQuery, type GitRefChoice, type RepositoryAddress } from '../../api/repository.ts'
import { FailureNote, sentenceOf } from '../../design/states.tsx'
import classes from './connect.module.css'
import { includesOf } from './includes.ts'

/** More are not looked at here: the delegate reads all of them. */
const LOOKED_AT_MAX = 30

/** Reads the root changelog and asks for everything that it includes, so that a wrong path shows before a delegate is asked. */
export function IncludeCheck({
  repository,
  gitRef,
  path,
}: {
  repository: RepositoryAddress
  gitRef: GitRefChoice
  path: string
}) {
  const isFile = /\.(ya?ml|xml|json|sql)$/i.test(path)
  const root = useQuery({ ...fileQuery(repository, gitRef, path), enabled: isFile })
  const includes = includesOf(root.data?.file?.content ?? '', path)
  const looked = includes.slice(0, LOOKED_AT_MAX)
  const found = useQueries({
    queries: looked.map(({ path: target, isFolder }) =>
      isFolder ? folderQuery(repository, gitRef, target) : fileQuery(repository, gitRef, target),
    ),
  })
  if (!isFile) return null
  if (root.error !== null) return <FailureNote error={root.error} />
  const broken = looked.flatMap((include, index) => {
    const error = found[index]?.error
    return error === null || error === undefined ? [] : [{ ...include, error }]
  })
  const isReading = root.isPending || found.some(({ isPending }) => isPending)
  return (
    <div className={classes.note} data-tone={broken.length > 0 ? undefined : isReading ? 'info' : 'good'} role="status">
      {isReading ? (
        <>
          <Loader size={14} /> Reading the changelog and what it includes …
        </>
      ) : broken.length === 0 ? (
        includes.length === 0 ? (
          'The changelog is there. It includes no other files.'
        ) : (
          `The changelog is there, and so ${includes.length === 1 ? 'is the one entry' : `are ${looked.length === includes.length ? 'all' : `the first ${looked.length} of`} ${includes.length} entries`} that it includes.`
        )
      ) : (
        <ul className={classes.broken}>
          {broken.map((include) => (
            <li key={include.path}>
              <code>{include.path}</code>: {sentenceOf(include.error)}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

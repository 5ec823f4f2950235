import { Loader } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { fileQuery, folderQuery, type RepositoryAddress } from '../../api/repository.ts'
import { FailureNote, sentenceOf } from '../../design/states.tsx'
import { SETTLED_MS, useSettledRef } from '../../repository/use-settled-ref.ts'
import { checkIncludes } from './check-includes.ts'
import classes from './connect.module.css'
import { includesOf } from './includes.ts'

/** More are not looked at here: the delegate reads all of them. */
const LOOKED_AT_MAX = 30

/** Says nothing until a branch and a file are named. Reads the root changelog and asks for everything that it includes, so that a wrong path shows before a delegate is asked. */
export function IncludeCheck({
  repository,
  branch,
  path,
}: {
  repository: RepositoryAddress
  branch: string
  path: string
}) {
  const { ref, isSettled } = useSettledRef({ branch })
  const [settledPath] = useDebouncedValue(path, SETTLED_MS)
  const isFile = branch !== '' && /\.(ya?ml|xml|json|sql)$/i.test(path)
  const isReadable = isFile && isSettled && settledPath === path
  const root = useQuery({ ...fileQuery(repository, ref, settledPath), enabled: isReadable })
  const includes = includesOf(root.data?.file?.content ?? '', settledPath)
  const looked = includes.slice(0, LOOKED_AT_MAX)
  const check = useQuery({
    queryKey: ['repository', repository, 'includes', ref, looked],
    queryFn: ({ client, signal }) =>
      checkIncludes(
        looked,
        ({ path: target, isFolder }) =>
          isFolder
            ? client.fetchQuery(folderQuery(repository, ref, target))
            : client.fetchQuery(fileQuery(repository, ref, target)),
        signal,
      ),
    enabled: isReadable && looked.length > 0,
    staleTime: 60_000,
  })
  if (!isFile) return null
  if (root.error !== null) return <FailureNote error={root.error} />
  const broken = looked.length === 0 ? [] : (check.data ?? [])
  const isReading = !isReadable || root.isPending || (looked.length > 0 && check.isPending)
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
          {broken.map(({ include, error }) => (
            <li key={include.path}>
              <code>{include.path}</code>: {sentenceOf(error)}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

import { Autocomplete, Badge, Group, Loader, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { folderQuery, type GitRefChoice, type RepositoryAddress } from '../api/repository.ts'
import { sentenceOf } from '../design/states.tsx'
import { useSettledRef } from './use-settled-ref.ts'

interface ChangelogPickerProps {
  repository: RepositoryAddress | undefined
  gitRef: GitRefChoice
  value: string
  onChange: (path: string) => void
  error?: string
  /** Take the likeliest file where nothing is chosen. */
  takesFirst?: boolean
}

/** Chooses the root changelog among the files of a branch that look like one, or takes any path. */
export function ChangelogPicker({
  repository,
  gitRef,
  value,
  onChange,
  error,
  takesFirst = false,
}: ChangelogPickerProps) {
  const hasRef = [gitRef.branch, gitRef.tag, gitRef.commit].some((name) => name !== undefined && name !== '')
  const { ref, isSettled } = useSettledRef(gitRef)
  const isReadable = repository !== undefined && repository.connector !== '' && hasRef && isSettled
  const folder = useQuery({
    ...folderQuery(repository ?? { scope: { orgIdentifier: '', projectIdentifier: '' }, connector: '' }, ref, ''),
    enabled: isReadable,
  })
  const candidates = folder.data?.folder?.changelogs ?? []
  const best = candidates[0]?.path
  // Whoever empties the field is about to write another path.
  const isEmptied = useRef(false)
  const key = `${repository?.connector} ${repository?.repo}`
  useEffect(() => {
    isEmptied.current = false
  }, [key])
  useEffect(() => {
    if (takesFirst && value === '' && best !== undefined && isSettled && !isEmptied.current) onChange(best)
  }, [takesFirst, value, best, isSettled, onChange])
  const formatOf = new Map(candidates.map(({ path, format }) => [path, format]))
  return (
    <Autocomplete
      label="Changelog"
      description={
        folder.data === undefined
          ? 'Path in the repository: a file, or a folder of SQL files'
          : candidates.length === 0
            ? 'Nothing on this branch looks like a changelog. Write its path.'
            : `${candidates.length === 50 ? 'The 50 likeliest' : candidates.length} ${candidates.length === 1 ? 'file looks' : 'files look'} like a changelog`
      }
      required
      withAsterisk={false}
      value={value}
      onChange={(path) => {
        isEmptied.current = path === ''
        onChange(path)
      }}
      data={[...formatOf.keys()]}
      // A chosen path still shows the others.
      filter={({ options, search }) =>
        formatOf.has(search) ? options : options.filter((item) => 'value' in item && item.value.includes(search))
      }
      renderOption={({ option }) => (
        <Group gap={8} wrap="nowrap" justify="space-between" w="100%">
          <Text size="sm" ff="monospace">
            {option.value}
          </Text>
          <Badge color="gray">{formatOf.get(option.value)}</Badge>
        </Group>
      )}
      placeholder="db/changelog.yaml"
      rightSection={folder.isFetching ? <Loader size={14} /> : undefined}
      error={error ?? (folder.error === null ? undefined : sentenceOf(folder.error))}
    />
  )
}

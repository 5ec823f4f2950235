import { Autocomplete, Loader } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { branchesQuery, type RepositoryAddress } from '../api/repository.ts'
import { sentenceOf } from '../design/states.tsx'

const SEARCH_DELAY_MS = 250

interface BranchPickerProps {
  /** Undefined until a connector is chosen. */
  repository: RepositoryAddress | undefined
  value: string
  onChange: (branch: string) => void
  label?: string
  description?: string
  error?: string
  /** Take the repository's default branch where nothing is chosen. */
  takesDefault?: boolean
}

/** Chooses a branch of a repository, or takes any name where the repository can't be read from here. */
export function BranchPicker(props: BranchPickerProps) {
  const { repository, value, onChange, label = 'Branch', description, error, takesDefault = false } = props
  const [term] = useDebouncedValue(value, SEARCH_DELAY_MS)
  // The first answer has all branches of most repositories; a search is for those with more.
  const all = useQuery({
    ...branchesQuery(repository ?? NOWHERE, ''),
    enabled: repository !== undefined && repository.connector !== '',
  })
  const isCut = (all.data?.branches?.total ?? 0) > (all.data?.branches?.items.length ?? 0)
  const searched = useQuery({ ...branchesQuery(repository ?? NOWHERE, term), enabled: isCut && term !== '' })
  const items = (isCut && term !== '' ? searched.data : all.data)?.branches?.items ?? []
  const byDefault = all.data?.branches?.defaultBranch
  // Whoever empties the field is about to write another name.
  const isEmptied = useRef(false)
  const key = `${repository?.connector} ${repository?.repo}`
  useEffect(() => {
    isEmptied.current = false
  }, [key])
  useEffect(() => {
    if (takesDefault && value === '' && byDefault !== undefined && !isEmptied.current) onChange(byDefault)
  }, [takesDefault, value, byDefault, onChange])
  const isLoading = all.isFetching || searched.isFetching
  return (
    <Autocomplete
      label={label}
      description={description}
      required
      withAsterisk={false}
      value={value}
      onChange={(name) => {
        isEmptied.current = name === ''
        onChange(name)
      }}
      data={[...new Set(items.map(({ name }) => name))]}
      limit={50}
      placeholder="main"
      rightSection={isLoading ? <Loader size={14} /> : undefined}
      error={error ?? (all.error === null ? undefined : sentenceOf(all.error))}
    />
  )
}

const NOWHERE: RepositoryAddress = { scope: { orgIdentifier: '', projectIdentifier: '' }, connector: '' }

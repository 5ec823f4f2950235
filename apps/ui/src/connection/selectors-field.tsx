import { TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { delegatesQuery } from '../api/delegates.ts'
import { useProject } from '../api/project.ts'

interface SelectorsFieldProps {
  value: string[]
  onChange: (selectors: string[]) => void
  error?: string
}

/** Tags that a delegate must have to be chosen; offers those that delegates have, and says how many would match. */
export function SelectorsField({ value, onChange, error }: SelectorsFieldProps) {
  const { query } = useProject()
  const { data } = useQuery(delegatesQuery(query))
  const delegates = (data ?? []).filter((delegate) => delegate.connected)
  const matching = delegates.filter((delegate) =>
    value.every((selector) => delegate.tags.includes(selector) || delegate.name === selector),
  )
  const count = matching.length === 1 ? '1 connected delegate has' : `${matching.length} connected delegates have`
  return (
    <TagsInput
      label="Delegate selectors"
      description={
        data === undefined || value.length === 0
          ? 'Only a delegate with all of these tags is used. Empty: any delegate.'
          : `${count} all of these tags.`
      }
      error={error}
      data={[...new Set(delegates.flatMap((delegate) => delegate.tags))].toSorted()}
      value={value}
      onChange={onChange}
    />
  )
}

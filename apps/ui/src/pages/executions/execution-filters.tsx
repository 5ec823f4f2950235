import { Button, Checkbox, Popover, Select, Stack } from '@mantine/core'
import { IconChevronDown, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { useProject } from '../../api/project.ts'
import { SearchField } from '../../design/search-field.tsx'
import {
  type ExecutionsSearch,
  groupsOf,
  isFiltered,
  isSince,
  SINCE,
  STATUS_GROUPS,
  type StatusGroup,
} from './search.ts'

const GROUPS = Object.entries(STATUS_GROUPS).map(([value, { label }]) => ({ value, label }))
const SINCE_CHOICES = Object.entries(SINCE).map(([value, { label }]) => ({ value, label }))

interface ExecutionFiltersBarProps {
  search: ExecutionsSearch
  /** Takes changed filters; the page goes back to the first. */
  onChange: (changed: Partial<ExecutionsSearch>) => void
}

/** Filters of the list. They live in the address; only the text being typed is kept here. */
export function ExecutionFiltersBar({ search, onChange }: ExecutionFiltersBarProps) {
  return (
    <>
      <SearchField
        label="Pipeline, run number or id"
        value={search.q ?? ''}
        onSearch={(q) => onChange({ q: q === '' ? undefined : q })}
        width={230}
      />
      <StatusFilter chosen={groupsOf(search.status)} onChange={(status) => onChange({ status })} />
      <PipelineFilter value={search.pipeline} onChange={(pipeline) => onChange({ pipeline })} />
      <Select
        aria-label="Started"
        placeholder="Any time"
        data={SINCE_CHOICES}
        value={search.since ?? null}
        onChange={(since) => onChange({ since: since !== null && isSince(since) ? since : undefined })}
        clearable
        w={150}
      />
      <Checkbox
        label="Started by me"
        size="xs"
        checked={search.mine === true}
        onChange={(event) => onChange({ mine: event.currentTarget.checked ? true : undefined })}
      />
      {isFiltered(search) ? (
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconX size={13} />}
          onClick={() =>
            onChange({ q: undefined, status: undefined, pipeline: undefined, since: undefined, mine: undefined })
          }
        >
          Clear
        </Button>
      ) : null}
    </>
  )
}

function StatusFilter({ chosen, onChange }: { chosen: StatusGroup[]; onChange: (status: string | undefined) => void }) {
  const label = chosen.length === 0 ? 'Any status' : chosen.map((group) => STATUS_GROUPS[group].label).join(', ')
  return (
    <Popover position="bottom-start" shadow="md" trapFocus returnFocus withRoles={false}>
      <Popover.Target>
        <Button
          variant="default"
          size="sm"
          fz="sm"
          fw={chosen.length === 0 ? 400 : 550}
          rightSection={<IconChevronDown size={13} />}
          aria-haspopup="dialog"
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label="Status">
        <Checkbox.Group
          aria-label="Status"
          value={chosen}
          onChange={(groups) => onChange(groups.length === 0 ? undefined : groups.join(','))}
        >
          <Stack gap={9}>
            {GROUPS.map((group) => (
              <Checkbox key={group.value} value={group.value} label={group.label} size="xs" />
            ))}
          </Stack>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  )
}

function PipelineFilter({
  value,
  onChange,
}: {
  value: string | undefined
  onChange: (pipeline: string | undefined) => void
}) {
  const { query } = useProject()
  const [term, setTerm] = useState('')
  const { data } = useQuery({
    queryKey: ['pipelines', query, 'choice', term],
    queryFn: ({ signal }) =>
      call('listPipelines', { query: { ...query, pageSize: 50, searchTerm: term || undefined } }, { signal }),
    placeholderData: (previous) => previous,
  })
  const choices = (data?.content ?? []).map(({ identifier, name }) => ({ value: identifier, label: name }))
  const isKnown = value === undefined || choices.some((choice) => choice.value === value)
  return (
    <Select
      aria-label="Pipeline"
      placeholder="Any pipeline"
      data={isKnown ? choices : [{ value, label: value }, ...choices]}
      value={value ?? null}
      onChange={(identifier) => onChange(identifier ?? undefined)}
      onSearchChange={setTerm}
      nothingFoundMessage="No such pipeline"
      searchable
      clearable
      w={190}
    />
  )
}

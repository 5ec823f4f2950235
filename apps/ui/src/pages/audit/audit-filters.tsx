import { Button, MultiSelect, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/call.ts'
import { listParam } from '../../api/search-params.ts'
import { SearchField } from '../../design/search-field.tsx'
import { ACTION_NAMES, ACTIONS, type AuditSearch, isFiltered, SPANS } from './audit-search.ts'
import { resourceText } from './event-text.ts'

const SPAN_WORDS = { hour: 'Last hour', day: 'Last 24 hours', week: 'Last 7 days', month: 'Last 30 days' } as const
const OWN_DAYS = 'days'

interface AuditFiltersProps {
  search: AuditSearch
  onChange: (changed: Partial<AuditSearch>) => void
  onClear: () => void
}

/** Filters of the audit trail; offers what occurs in this account. */
export function AuditFilters({ search, onChange, onClear }: AuditFiltersProps) {
  const { data } = useQuery({
    queryKey: ['audits', 'filters'],
    queryFn: ({ signal }) => call('getAuditFilters', {}, { signal }),
    staleTime: 60_000,
  })
  const set = (name: 'actions' | 'types' | 'who', values: string[]): void =>
    onChange({ [name]: values.length === 0 ? undefined : values.join(',') })
  const hasDays = search.from !== undefined || search.to !== undefined
  return (
    <>
      <SearchField
        label="Search events"
        width={200}
        value={search.q ?? ''}
        onSearch={(term) => onChange({ q: term === '' ? undefined : term })}
      />
      <Many
        label="Action"
        data={(data?.actions ?? ACTION_NAMES).map((action) => ({ value: action, label: ACTIONS[action] }))}
        value={search.actions}
        onChange={(values) => set('actions', values)}
      />
      <Many
        label="Resource"
        data={(data?.resourceTypes ?? []).map((type) => ({ value: type, label: resourceText(type) }))}
        value={search.types}
        onChange={(values) => set('types', values)}
      />
      <Many
        label="Who"
        data={(data?.principals ?? []).map(({ id, name }) => ({ value: id, label: name ?? id }))}
        value={search.who}
        onChange={(values) => set('who', values)}
      />
      <Select
        aria-label="When"
        w={140}
        data={[
          { value: '', label: 'Any time' },
          ...SPANS.map((span) => ({ value: span, label: SPAN_WORDS[span] })),
          { value: OWN_DAYS, label: 'From day to day' },
        ]}
        allowDeselect={false}
        value={hasDays ? OWN_DAYS : (search.span ?? '')}
        onChange={(value) => {
          const today = new Date().toLocaleDateString('sv-SE')
          onChange({
            span: SPANS.find((span) => span === value),
            from: value === OWN_DAYS ? today : undefined,
            to: undefined,
          })
        }}
      />
      {hasDays ? (
        <>
          <TextInput
            type="date"
            aria-label="From day"
            value={search.from ?? ''}
            onChange={(event) => onChange({ from: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            aria-label="To day"
            value={search.to ?? ''}
            onChange={(event) => onChange({ to: event.currentTarget.value })}
          />
        </>
      ) : null}
      {isFiltered(search) ? (
        <Button variant="subtle" color="gray" onClick={onClear}>
          Clear
        </Button>
      ) : null}
    </>
  )
}

function Many({
  label,
  data,
  value,
  onChange,
}: {
  label: string
  data: { value: string; label: string }[]
  value: string | undefined
  onChange: (values: string[]) => void
}) {
  const chosen = listParam(value) ?? []
  // What the address names stays choosable, also where it does not occur any more.
  const missing = chosen.filter((item) => !data.some((choice) => choice.value === item))
  return (
    <MultiSelect
      aria-label={label}
      placeholder={chosen.length === 0 ? label : ''}
      w={chosen.length === 0 ? 140 : undefined}
      miw={140}
      maw={340}
      searchable
      clearable
      data={[...data, ...missing.map((item) => ({ value: item, label: item }))]}
      value={chosen}
      onChange={onChange}
    />
  )
}

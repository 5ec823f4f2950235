import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { connectorChoicesQuery, GIT_TYPES } from '../api/connector-choice.ts'
import { useProject } from '../api/project.ts'
import { referenceTo, scopeText } from '../api/reference.ts'
import { sentenceOf } from '../design/states.tsx'

interface ConnectorSelectProps {
  kind: 'database' | 'git'
  /** Reference, such as `shop_db` or `account.shop_db`; empty for none. */
  value: string
  onChange: (reference: string) => void
  label: string
  description?: string
  error?: string
}

/** Chooses a connector of the project or of the scopes above. */
export function ConnectorSelect({ kind, value, onChange, label, description, error }: ConnectorSelectProps) {
  const { query } = useProject()
  const choices = useQuery(connectorChoicesQuery(query, kind === 'git' ? GIT_TYPES : ['JDBC']))
  const found = (choices.data?.content ?? []).map(({ connector }) => ({
    value: referenceTo(connector),
    label: connector.projectIdentifier === undefined ? `${connector.name} (${scopeText(connector)})` : connector.name,
  }))
  // What is chosen stays choosable, whether or not the caller may list it.
  const data = value === '' || found.some((item) => item.value === value) ? found : [{ value, label: value }, ...found]
  return (
    <Select
      label={label}
      description={description}
      required
      withAsterisk={false}
      searchable
      data={data}
      value={value === '' ? null : value}
      onChange={(reference) => onChange(reference ?? '')}
      allowDeselect={false}
      placeholder={choices.isPending ? 'Loading …' : 'Choose a connector'}
      nothingFoundMessage={
        kind === 'git'
          ? 'No git connector here. Make one under Connectors.'
          : 'No database connector here. Make one under Connectors.'
      }
      error={error ?? (choices.error === null ? undefined : sentenceOf(choices.error))}
    />
  )
}

import { NumberInput, Select, Switch, TextInput } from '@mantine/core'
import type { PipelineInput } from '@sluice/contracts/pipeline-inputs'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { call } from '../api/call.ts'
import { useProject } from '../api/project.ts'
import { instancesQuery } from '../api/schemas.ts'

const SecretPicker = lazy(() =>
  import('../connection/secret-picker.tsx').then((module) => ({ default: module.SecretPicker })),
)

interface InputFieldProps {
  input: PipelineInput
  /** The first field of the dialog has the focus. */
  isFirst: boolean
  /** DB schema whose instances an instance is chosen from; undefined where nobody knows. */
  schema: string | undefined
  value: string
  onChange: (value: string) => void
  error: string | undefined
}

function hintOf({ description, regex, owner, type }: PipelineInput): string {
  const place =
    owner.kind === 'pipeline' ? undefined : `Of ${owner.kind === 'stepGroup' ? 'group' : owner.kind} ${owner.name}.`
  const form = regex === undefined ? undefined : `Must match ${regex}.`
  const list = type === 'List' ? 'Separate with commas.' : undefined
  return [description, place, form, list].filter(Boolean).join(' ')
}

/** Field for one run-time input, by its type: what can be chosen is offered. */
export function InputField({ input, isFirst, schema, value, onChange, error }: InputFieldProps) {
  const common = {
    label: input.name,
    description: hintOf(input) || undefined,
    required: input.required,
    placeholder: input.default === undefined ? undefined : `${input.default} (default)`,
    error,
  }
  const focus = { autoFocus: isFirst, 'data-autofocus': isFirst || undefined }
  const choices = useChoices(input, schema)
  if (choices !== undefined) {
    return (
      <Select
        {...common}
        {...focus}
        data={choices}
        searchable
        value={value || null}
        onChange={(next) => onChange(next ?? '')}
        clearable={!input.required}
      />
    )
  }
  switch (input.type) {
    case 'Number':
      return <NumberInput {...common} {...focus} value={value} onChange={(next) => onChange(String(next))} />
    case 'Boolean':
      return (
        <Switch
          label={input.name}
          description={common.description}
          error={error}
          checked={(value || input.default) === 'true'}
          onChange={(event) => onChange(String(event.currentTarget.checked))}
        />
      )
    case 'Secret':
      return (
        <Suspense>
          <SecretPicker {...common} value={value} onChange={onChange} />
        </Suspense>
      )
    case 'String':
    case 'Duration':
    case 'List':
    case 'DbSchema':
    case 'DbInstance':
    case 'Connector':
      return (
        <TextInput {...common} {...focus} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
      )
  }
}

/** What the input can be, where that is known: the pipeline says so, or the project has a list of it. */
function useChoices(input: PipelineInput, schema: string | undefined): string[] | undefined {
  const { org, project, query } = useProject()
  const schemas = useQuery({
    queryKey: ['schemas', org, project, 'choice'],
    queryFn: ({ signal }) => call('listDbSchemas', { params: { org, project }, query: { limit: 100 } }, { signal }),
    enabled: input.type === 'DbSchema',
  })
  const instances = useQuery({
    ...instancesQuery({ org, project, schema: schema ?? '' }),
    enabled: input.type === 'DbInstance' && schema !== undefined,
  })
  const connectors = useQuery({
    queryKey: ['connectors', query, 'choice'],
    queryFn: ({ signal }) => call('listConnectors', { query: { ...query, pageSize: 100 }, body: {} }, { signal }),
    enabled: input.type === 'Connector',
  })
  if (input.allowedValues !== undefined) return [...input.allowedValues]
  if (input.type === 'DbSchema') return schemas.data?.map(({ identifier }) => identifier)
  if (input.type === 'DbInstance') return instances.data?.items.map(({ identifier }) => identifier)
  if (input.type === 'Connector') return connectors.data?.content.map(({ connector }) => connector.identifier)
  return undefined
}

import { ActionIcon, Button, Collapse, Group, Input, SegmentedControl, Stack, TextInput } from '@mantine/core'
import { IconChevronDown, IconPlus, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useCallback, useState } from 'react'
import { fieldProblem } from '../../api/field-problem.ts'
import { useProject } from '../../api/project.ts'
import { type DbInstance, schemaQuery, type SchemaAddress } from '../../api/schemas.ts'
import { NameFields } from '../../design/name-fields.tsx'
import { FailureNote } from '../../design/states.tsx'
import { TagsField } from '../../design/tags.tsx'
import { BranchPicker } from '../../repository/branch-picker.tsx'
import { ConnectorSelect } from '../../repository/connector-select.tsx'
import { draftOf, type InstanceDraft, REF_KINDS } from './instance-draft.ts'

interface InstanceFormProps {
  address: SchemaAddress
  /** The instance to change; absent for a new one. */
  instance?: DbInstance
  submitLabel: string
  isReadOnly?: boolean
  onSubmit: (draft: InstanceDraft) => Promise<void>
  onCancel?: () => void
}

const REF_NAMES = { branch: 'Branch', gitTag: 'Tag', commitSha: 'Commit' }

/** What an instance is made of: a database, what it follows, and what of the changelog is meant for it. */
export function InstanceForm(props: InstanceFormProps) {
  const { address, instance, submitLabel, isReadOnly = false, onSubmit, onCancel } = props
  const { query } = useProject()
  const [draft, setDraft] = useState(() => draftOf(instance))
  const [isMoreOpen, setMoreOpen] = useState(
    draft.labels !== '' || draft.properties.length > 0 || draft.database !== '' || draft.schema !== '',
  )
  const schema = useQuery(schemaQuery(address))
  const changelog = schema.data?.changelog
  const repository =
    changelog === undefined ? undefined : { scope: query, connector: changelog.connector, repo: changelog.repo }
  const set = (changed: Partial<InstanceDraft>): void => setDraft((before) => ({ ...before, ...changed }))
  const setBranch = useCallback((ref: string) => setDraft((before) => ({ ...before, ref })), [])
  const save = useMutation({ mutationFn: () => onSubmit(draft) })
  const problem = (path: string): string | undefined => fieldProblem(save.error, path)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <NameFields
          value={draft.naming}
          onChange={(naming) => set({ naming })}
          isFixed={instance !== undefined}
          autoFocus={instance === undefined}
          placeholder="Production"
          nameError={problem('name')}
          identifierError={problem('identifier')}
        />
        <ConnectorSelect
          kind="database"
          label="Database connector"
          value={draft.connector}
          onChange={(connector) => set({ connector })}
          error={problem('connector')}
        />
        <div>
          <Input.Label component="div" mb={4}>
            Follows
          </Input.Label>
          <Stack gap={8}>
            <SegmentedControl
              size="xs"
              aria-label="What it follows"
              value={draft.refKind}
              data={REF_KINDS.map((kind) => ({ value: kind, label: REF_NAMES[kind] }))}
              onChange={(value) => {
                const refKind = REF_KINDS.find((kind) => kind === value)
                if (refKind !== undefined) set({ refKind, ref: instance?.[refKind] ?? '' })
              }}
            />
            {draft.refKind === 'branch' ? (
              <BranchPicker
                repository={repository}
                value={draft.ref}
                onChange={setBranch}
                takesDefault={instance === undefined}
                error={problem('branch')}
              />
            ) : (
              <TextInput
                label={REF_NAMES[draft.refKind]}
                required
                withAsterisk={false}
                placeholder={draft.refKind === 'gitTag' ? 'v1.4.0' : 'All 40 digits'}
                value={draft.ref}
                error={problem(draft.refKind)}
                onChange={(event) => set({ ref: event.currentTarget.value })}
              />
            )}
          </Stack>
        </div>
        <TextInput
          label="Context"
          description="Changesets of another context are left out. Empty: every changeset runs."
          placeholder="prod and !test"
          value={draft.context}
          error={problem('context')}
          onChange={(event) => set({ context: event.currentTarget.value })}
        />
        <TagsField value={draft.tags} onChange={(tags) => set({ tags })} error={problem('tags')} />
        <div>
          <Button
            variant="subtle"
            color="gray"
            aria-expanded={isMoreOpen}
            leftSection={<IconChevronDown size={15} />}
            onClick={() => setMoreOpen(!isMoreOpen)}
          >
            Labels, properties, other database or schema
          </Button>
          <Collapse expanded={isMoreOpen}>
            <Stack gap="md" mt="sm">
              <TextInput
                label="Labels"
                description="Only changesets whose labels match"
                value={draft.labels}
                error={problem('labels')}
                onChange={(event) => set({ labels: event.currentTarget.value })}
              />
              <Group grow align="flex-start">
                <TextInput
                  label="Database"
                  description="In place of the connector's"
                  value={draft.database}
                  error={problem('database')}
                  onChange={(event) => set({ database: event.currentTarget.value })}
                />
                <TextInput
                  label="Schema"
                  description="Where objects and history go"
                  placeholder="public"
                  value={draft.schema}
                  error={problem('schema')}
                  onChange={(event) => set({ schema: event.currentTarget.value })}
                />
              </Group>
              <PropertiesField value={draft.properties} onChange={(properties) => set({ properties })} />
            </Stack>
          </Collapse>
        </div>
        <FailureNote error={save.error} />
        <Group justify="flex-end" gap="xs">
          {onCancel === undefined ? null : (
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
          )}
          <Button type="submit" loading={save.isPending} disabled={isReadOnly}>
            {submitLabel}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

type Properties = InstanceDraft['properties']

/** Values that take the place of `${name}` in the changelog. */
function PropertiesField({ value, onChange }: { value: Properties; onChange: (value: Properties) => void }) {
  const change = (index: number, changed: Partial<Properties[number]>): void =>
    onChange(value.map((property, at) => (at === index ? { ...property, ...changed } : property)))
  return (
    <div>
      <Input.Label component="div">Properties</Input.Label>
      <Input.Description mb={6}>
        They take the place of <code>{'${name}'}</code> in the changelog
      </Input.Description>
      <Stack gap={6}>
        {value.map((property, index) => (
          <Group key={index} gap={6} wrap="nowrap">
            <TextInput
              aria-label={`Name of property ${index + 1}`}
              placeholder="name"
              flex={1}
              value={property.name}
              onChange={(event) => change(index, { name: event.currentTarget.value })}
            />
            <TextInput
              aria-label={`Value of property ${index + 1}`}
              placeholder="value"
              flex={2}
              value={property.value}
              onChange={(event) => change(index, { value: event.currentTarget.value })}
            />
            <ActionIcon
              aria-label={`Remove property ${index + 1}`}
              onClick={() => onChange(value.filter((_, at) => at !== index))}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </Group>
        ))}
        <div>
          <Button
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={() => onChange([...value, { name: '', value: '' }])}
          >
            Add property
          </Button>
        </div>
      </Stack>
    </div>
  )
}

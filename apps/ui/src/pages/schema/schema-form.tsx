import { Button, Group, Select, Stack, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useCallback, useState } from 'react'
import { connectorQuery } from '../../api/connector-choice.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { useProject } from '../../api/project.ts'
import type { DbInstance, DbSchema } from '../../api/schemas.ts'
import { NameFields, type Naming, NO_NAME } from '../../design/name-fields.tsx'
import { FailureNote } from '../../design/states.tsx'
import { TagsField } from '../../design/tags.tsx'
import { BranchPicker } from '../../repository/branch-picker.tsx'
import { ChangelogPicker } from '../../repository/changelog-picker.tsx'
import { ConnectorSelect } from '../../repository/connector-select.tsx'

export interface SchemaDraft {
  naming: Naming
  tags: Record<string, string>
  changelog: NonNullable<DbSchema['changelog']>
  primary?: string
}

interface SchemaFormProps {
  /** The schema to change; absent for a new one. */
  schema?: DbSchema
  /** To choose the primary one from. */
  instances?: readonly DbInstance[]
  submitLabel: string
  /** Says why the form can't be sent by this person. */
  isReadOnly?: boolean
  onSubmit: (draft: SchemaDraft) => Promise<void>
  onCancel?: () => void
}

/** What a schema is made of. What was typed stays, whatever the server answers. */
export function SchemaForm({
  schema,
  instances = [],
  submitLabel,
  isReadOnly = false,
  onSubmit,
  onCancel,
}: SchemaFormProps) {
  const { query } = useProject()
  const [naming, setNaming] = useState<Naming>(
    schema === undefined ? NO_NAME : { name: schema.name, identifier: schema.identifier, isOwn: true },
  )
  const [connector, setConnector] = useState(schema?.changelog?.connector ?? '')
  const [repo, setRepo] = useState(schema?.changelog?.repo ?? '')
  const [location, setLocation] = useState(schema?.changelog?.location ?? '')
  const [branch, setBranch] = useState(instances.find((instance) => instance.branch !== undefined)?.branch ?? '')
  const [tags, setTags] = useState<Record<string, string>>(schema?.tags ?? {})
  const [primary, setPrimary] = useState(schema?.primaryDbInstanceId ?? '')
  const chosen = useQuery({ ...connectorQuery(query, connector), enabled: connector !== '' })
  const spec = chosen.data?.connector
  const isAccount = spec !== undefined && spec.type !== 'JDBC' && spec.spec.type === 'Account'
  const repository =
    connector === '' || (isAccount && repo === '') || spec === undefined
      ? undefined
      : { scope: query, connector, ...(isAccount ? { repo } : {}) }
  const save = useMutation({
    mutationFn: () =>
      onSubmit({
        naming,
        tags,
        changelog: {
          ...schema?.changelog,
          connector,
          location,
          ...(isAccount ? { repo } : {}),
        },
        ...(primary === '' ? {} : { primary }),
      }),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    save.mutate()
  }
  const chooseBranch = useCallback((name: string) => setBranch(name), [])
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <NameFields
          value={naming}
          onChange={setNaming}
          isFixed={schema !== undefined}
          autoFocus={schema === undefined}
          placeholder="Shop"
          nameError={fieldProblem(save.error, 'name')}
          identifierError={fieldProblem(save.error, 'identifier')}
        />
        <ConnectorSelect
          kind="git"
          label="Git connector"
          value={connector}
          onChange={(reference) => {
            setConnector(reference)
            setBranch('')
          }}
          error={fieldProblem(save.error, 'changelog.connector')}
        />
        {isAccount ? (
          <TextInput
            label="Repository"
            description="Its name below the connector's address"
            required
            withAsterisk={false}
            value={repo}
            error={fieldProblem(save.error, 'changelog.repo')}
            onChange={(event) => setRepo(event.currentTarget.value)}
          />
        ) : null}
        <Group grow align="flex-start">
          <BranchPicker
            label="Look on branch"
            description="Only to find the file; each instance has its own"
            repository={repository}
            value={branch}
            onChange={chooseBranch}
            takesDefault
          />
          <ChangelogPicker
            repository={repository}
            gitRef={{ branch }}
            value={location}
            onChange={setLocation}
            error={fieldProblem(save.error, 'changelog.location')}
          />
        </Group>
        {instances.length === 0 ? null : (
          <Select
            label="Primary instance"
            description="The one that others are compared with"
            clearable={schema?.primaryDbInstanceId === undefined}
            data={instances.map(({ identifier, name }) => ({ value: identifier, label: name }))}
            value={primary === '' ? null : primary}
            onChange={(identifier) => setPrimary(identifier ?? '')}
            error={fieldProblem(save.error, 'primaryDbInstanceId')}
          />
        )}
        <TagsField value={tags} onChange={setTags} error={fieldProblem(save.error, 'tags')} />
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

import { Select, SegmentedControl, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useCallback, useState } from 'react'
import { call } from '../../api/call.ts'
import { connectorChoicesQuery, connectorQuery, GIT_TYPES } from '../../api/connector-choice.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { useMay } from '../../api/permissions.ts'
import { useProject } from '../../api/project.ts'
import { schemasQuery } from '../../api/schemas.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { identifierOf } from '../../design/identifier.ts'
import { NameFields, type Naming } from '../../design/name-fields.tsx'
import { FailureNote } from '../../design/states.tsx'
import { BranchPicker } from '../../repository/branch-picker.tsx'
import { ChangelogPicker } from '../../repository/changelog-picker.tsx'
import { ConnectorSelect } from '../../repository/connector-select.tsx'
import classes from './connect.module.css'
import { createNumbered } from './create-numbered.ts'
import { IncludeCheck } from './include-check.tsx'
import type { PastedDatabase } from './parse-database.ts'
import { saveRepository } from './save-database.ts'

interface RepositoryStepProps {
  database: string
  databaseName: string
  git: string | undefined
  /** Made before an instance could be. */
  schema: string | undefined
  pasted: PastedDatabase
  onGit: (reference: string) => void
  onMade: (made: { schema: string; instance?: string }) => void
}

const NEW = ''
const SCHEMAS_MAX = 100

/** "shop-db.git" → "Shop db". */
function repositoryName(url: string): string {
  const last =
    url
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .split('/')
      .pop() ?? ''
  const words = last.replaceAll(/[-_.]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function namingOf(name: string): Naming {
  return { name, identifier: identifierOf(name), isOwn: false }
}

/** Where the changelog is, and what the database is called there. Makes a schema and an instance. */
export function RepositoryStep(props: RepositoryStepProps) {
  const { database, databaseName, git, schema, pasted, onGit, onMade } = props
  const { org, project, query } = useProject()
  const queryClient = useQueryClient()
  const mayMakeSchema = useMay('dbops_schema_edit')
  const mayMakeInstance = useMay('dbops_instance_edit')
  const [ownMode, setMode] = useState<'new' | 'known'>()
  const choices = useQuery(connectorChoicesQuery(query, GIT_TYPES))
  const mode = ownMode ?? (git !== undefined || (choices.data?.totalItems ?? 0) > 0 ? 'known' : 'new')
  const connector = useQuery({ ...connectorQuery(query, git ?? ''), enabled: git !== undefined }).data?.connector
  const schemas =
    useQuery(schemasQuery({ org, project }, { search: '', page: 0, limit: SCHEMAS_MAX })).data?.items ?? []
  const [chosenSchema, setChosenSchema] = useState(schema ?? NEW)
  const known = schemas.find(({ identifier }) => identifier === (schema ?? chosenSchema))
  const [branch, setBranch] = useState('')
  const [ownLocation, setLocation] = useState<string>()
  const location = known?.changelog?.location ?? ownLocation ?? pasted.changelog ?? ''
  const [ownSchemaName, setSchemaName] = useState<Naming>()
  const [ownInstanceName, setInstanceName] = useState<Naming>()
  const [ownContext, setContext] = useState<string>()
  const [ownSchemaOf, setSchemaOf] = useState<string>()
  const context = ownContext ?? pasted.contexts ?? ''
  const defaultSchema = ownSchemaOf ?? pasted.schema ?? ''
  const gitUrl = connector === undefined || connector.type === 'JDBC' ? '' : connector.spec.url
  const schemaName = ownSchemaName ?? namingOf(gitUrl === '' ? databaseName : repositoryName(gitUrl))
  const instanceName = ownInstanceName ?? namingOf(databaseName)
  const gitOfSchema = known?.changelog?.connector ?? git
  const repository =
    gitOfSchema === undefined ? undefined : { scope: query, connector: gitOfSchema, repo: known?.changelog?.repo }
  const takeBranch = useCallback((name: string) => setBranch(name), [])
  const takeLocation = useCallback((path: string) => setLocation(path), [])
  const make = useMutation({
    mutationFn: async () => {
      let made = known?.identifier
      if (made === undefined) {
        const created = await createNumbered(schemaName.identifier, schemaName.isOwn, (identifier) =>
          call('createDbSchema', {
            params: { org, project },
            body: {
              identifier,
              name: schemaName.name,
              migrationType: 'Liquibase',
              changelog: { connector: git ?? '', location },
            },
          }),
        )
        made = created.identifier
        // It stays, whatever comes now: a second try adds the instance to it.
        onMade({ schema: made })
      }
      const params = { org, project, schema: made }
      const instance = await createNumbered(instanceName.identifier, instanceName.isOwn, (identifier) =>
        call('createDbInstance', {
          params,
          body: {
            identifier,
            name: instanceName.name,
            connector: database,
            branch,
            ...(context === '' ? {} : { context }),
            ...(pasted.labels === undefined ? {} : { labels: pasted.labels }),
            ...(defaultSchema === '' ? {} : { schema: defaultSchema }),
          },
        }),
      )
      return { schema: made, instance: instance.identifier }
    },
    onSuccess: async (made) => {
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: ['schemas'] }),
        queryClient.invalidateQueries({ queryKey: ['instances'] }),
      ])
      onMade(made)
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    make.mutate()
  }
  const isNewSchema = known === undefined
  return (
    <>
      {schemas.length === 0 || schema !== undefined ? null : (
        <Select
          label="Changelog"
          description="A further database of a changelog that is here already, or a changelog of its own"
          data={[
            { value: NEW, label: 'Another changelog' },
            ...schemas.map(({ identifier, name, changelog }) => ({
              value: identifier,
              label: `${name} (${changelog?.location ?? 'script'})`,
            })),
          ]}
          value={chosenSchema}
          allowDeselect={false}
          onChange={(value) => {
            setChosenSchema(value ?? NEW)
            setBranch('')
          }}
        />
      )}
      {isNewSchema ? (
        <>
          {(choices.data?.totalItems ?? 0) === 0 ? null : (
            <SegmentedControl
              size="xs"
              aria-label="Repository"
              value={mode}
              data={[
                { value: 'known', label: 'A connector that is here' },
                { value: 'new', label: 'Another repository' },
              ]}
              onChange={(value) => setMode(value === 'new' ? 'new' : 'known')}
            />
          )}
          {mode === 'known' ? (
            <ConnectorSelect
              kind="git"
              label="Git connector"
              value={git ?? ''}
              onChange={(reference) => {
                setBranch('')
                setLocation(undefined)
                onGit(reference)
              }}
            />
          ) : (
            <NewRepository
              onMade={(reference) => {
                setMode('known')
                setBranch('')
                onGit(reference)
              }}
            />
          )}
        </>
      ) : null}
      {repository === undefined || (isNewSchema && mode === 'new') ? null : (
        <form onSubmit={submit} style={{ display: 'contents' }}>
          <div className={classes.pair}>
            <BranchPicker
              description="That this database follows"
              repository={repository}
              value={branch}
              onChange={takeBranch}
              takesDefault
              error={fieldProblem(make.error, 'branch')}
            />
            {isNewSchema ? (
              <ChangelogPicker
                repository={repository}
                gitRef={{ branch }}
                value={location}
                onChange={takeLocation}
                takesFirst
                error={fieldProblem(make.error, 'changelog.location')}
              />
            ) : (
              <TextInput label="Changelog" description="Of the schema" readOnly variant="filled" value={location} />
            )}
          </div>
          <IncludeCheck repository={repository} branch={branch} path={location} />
          {isNewSchema ? (
            <fieldset className={classes.names}>
              <legend>The changelog here is called</legend>
              <NameFields
                value={schemaName}
                onChange={setSchemaName}
                identifierError={fieldProblem(make.error, 'identifier')}
              />
            </fieldset>
          ) : null}
          <fieldset className={classes.names}>
            <legend>This database of it is called</legend>
            <NameFields value={instanceName} onChange={setInstanceName} />
          </fieldset>
          <div className={classes.pair}>
            <TextInput
              label="Context"
              description="Empty: every changeset is meant for it"
              value={context}
              onChange={(event) => setContext(event.currentTarget.value)}
              error={fieldProblem(make.error, 'context')}
            />
            <TextInput
              label="Schema in the database"
              description="Empty: the user's own, mostly public"
              value={defaultSchema}
              onChange={(event) => setSchemaOf(event.currentTarget.value)}
              error={fieldProblem(make.error, 'schema')}
            />
          </div>
          <FailureNote error={make.error} />
          <div className={classes.buttons}>
            <GuardedButton
              type="submit"
              may={mayMakeSchema.isAllowed ? mayMakeInstance : mayMakeSchema}
              loading={make.isPending}
              disabled={branch === '' || location === ''}
            >
              Look at the database
            </GuardedButton>
          </div>
        </form>
      )}
    </>
  )
}

/** A repository that no connector knows yet. */
function NewRepository({ onMade }: { onMade: (reference: string) => void }) {
  const { query } = useProject()
  const queryClient = useQueryClient()
  const mayEdit = useMay('core_connector_edit')
  const [url, setUrl] = useState('')
  const [username, setUsername] = useState('')
  const [token, setToken] = useState('')
  const save = useMutation({
    mutationFn: () => {
      const name = repositoryName(url.trim())
      return saveRepository({
        scope: query,
        url: url.trim(),
        name,
        identifier: identifierOf(name),
        username: username.trim(),
        token,
      })
    },
    onSuccess: async (reference) => {
      await queryClient.invalidateQueries({ queryKey: ['connectors'] })
      onMade(reference)
    },
  })
  const problem = gitUrlProblem(url)
  return (
    <form
      style={{ display: 'contents' }}
      onSubmit={(event) => {
        event.preventDefault()
        if (problem === undefined) save.mutate()
      }}
    >
      <TextInput
        label="Repository"
        placeholder="https://git.example.org/shop/shop-db.git"
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--s-mono)' } }}
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        error={fieldProblem(save.error, 'connector.spec.url') ?? (url === '' ? undefined : problem)}
      />
      <div className={classes.pair}>
        <TextInput
          label="User"
          description="Leave both empty for a public repository"
          autoComplete="off"
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label="Token or password"
          description="Sealed as a secret"
          autoComplete="new-password"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
      </div>
      <FailureNote error={save.error} />
      <div className={classes.buttons}>
        <GuardedButton type="submit" may={mayEdit} loading={save.isPending} disabled={problem !== undefined}>
          Read the repository
        </GuardedButton>
      </div>
    </form>
  )
}

function gitUrlProblem(url: string): string | undefined {
  const text = url.trim()
  if (/^(git@|ssh:)/i.test(text)) return 'Only HTTPS is spoken. Write the repository’s https:// address.'
  if (!/^https:\/\/[^/\s]+\/\S+/i.test(text)) return 'Write the https:// address that you clone from.'
  if (/^https:\/\/[^/]*@/i.test(text)) return 'Write the user and the token into their fields, not into the address.'
  return undefined
}

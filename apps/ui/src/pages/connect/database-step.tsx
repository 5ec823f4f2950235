import { Button, PasswordInput, TextInput, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ClipboardEvent, type FormEvent, useEffect, useState } from 'react'
import { connectorQuery } from '../../api/connector-choice.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { useMay } from '../../api/permissions.ts'
import { ApiProblem } from '../../api/problem.ts'
import { useProject } from '../../api/project.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { identifierOf } from '../../design/identifier.ts'
import { NameFields, type Naming, NO_NAME } from '../../design/name-fields.tsx'
import { FailureNote } from '../../design/states.tsx'
import classes from './connect.module.css'
import { jdbcUrlProblem, nameOf } from './jdbc-url.ts'
import { LocalhostHint } from './localhost-hint.tsx'
import { parseDatabase, type PastedDatabase } from './parse-database.ts'
import { saveDatabase } from './save-database.ts'

interface DatabaseStepProps {
  /** Connector that was made before. */
  reference: string | undefined
  /** What else a paste said: a changelog, contexts. */
  onPasted: (pasted: PastedDatabase) => void
  onSaved: (reference: string) => void
}

const TAKEN: Record<string, string> = {
  username: 'user',
  password: 'password',
  changelog: 'changelog',
  contexts: 'contexts',
  labels: 'labels',
  schema: 'schema',
}

const NOTHING: { others: readonly string[]; placeholders: readonly string[] } = { others: [], placeholders: [] }

/** Address, user and password of a database, as people have them at hand. */
export function DatabaseStep({ reference, onPasted, onSaved }: DatabaseStepProps) {
  const { query } = useProject()
  const queryClient = useQueryClient()
  const mayConnect = useMay('core_connector_edit')
  const mayStore = useMay('core_secret_edit')
  const [text, setText] = useState('')
  const [naming, setNaming] = useState<Naming>(NO_NAME)
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [taken, setTaken] = useState(NOTHING)
  const [isTouched, setTouched] = useState(false)
  const [secret, setSecret] = useState<string>()
  const known = useQuery({ ...connectorQuery(query, reference ?? ''), enabled: reference !== undefined }).data
  useEffect(() => {
    // Opened again by its address: what is stored fills what nobody has typed.
    if (known?.connector.type !== 'JDBC') return
    const { connector } = known
    setText((before) => (before === '' ? connector.spec.url : before))
    setNaming((before) =>
      before.name === '' ? { name: connector.name, identifier: connector.identifier, isOwn: true } : before,
    )
    if (connector.spec.auth.type === 'None') return
    const { spec } = connector.spec.auth
    setUsername((before) => (before === '' ? spec.username : before))
    setSecret((before) => before ?? spec.passwordRef)
  }, [known])
  const save = useMutation({
    mutationFn: () =>
      saveDatabase({
        scope: query,
        url: text.trim(),
        naming,
        username: username.trim(),
        password,
        secret,
        onSecret: setSecret,
        existing: known,
      }),
    onSuccess: async (saved) => {
      setPassword('')
      setNaming((before) => ({ ...before, identifier: saved, isOwn: true }))
      await queryClient.invalidateQueries({ queryKey: ['connectors'] })
      onSaved(saved)
    },
  })
  const write = (next: string): void => {
    setText(next)
    if (!naming.isOwn && jdbcUrlProblem(next) === undefined) {
      setNaming({ name: nameOf(next), identifier: identifierOf(nameOf(next)), isOwn: false })
    }
  }
  /** Takes what `from` says into the fields. False where it is an address and nothing else. */
  const take = (from: string, before: string): boolean => {
    const found = parseDatabase(from)
    const others = Object.keys(found).filter((name) => name in TAKEN)
    const placeholders = found.placeholders ?? []
    if (others.length === 0 && placeholders.length === 0) {
      const isOther = found.url !== undefined && found.url !== from.trim()
      if (isOther) write(found.url ?? '')
      return isOther
    }
    // A file with a password and no address: nothing of it may stay readable here.
    write(found.url ?? before)
    setTaken({ others, placeholders })
    if (found.username !== undefined) setUsername(found.username)
    if (found.password !== undefined) setPassword(found.password)
    onPasted(found)
    return true
  }
  const paste = (event: ClipboardEvent<HTMLTextAreaElement>): void => {
    if (take(event.clipboardData.getData('text/plain'), text)) event.preventDefault()
  }
  const problem = jdbcUrlProblem(text)
  const needsPassword = username.trim() !== '' && secret === undefined && password === ''
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTouched(true)
    if (problem === undefined && !take(text, '')) save.mutate()
  }
  const tooShort = save.error instanceof ApiProblem && save.error.code === 'SECRET_TOO_SHORT'
  const isDirty = text !== ''
  return (
    <form onSubmit={submit} style={{ display: 'contents' }}>
      <p className={classes.lead}>
        Paste a JDBC URL, a <code>liquibase.properties</code>, or the environment variables that you run with today.
      </p>
      <Textarea
        label="JDBC URL"
        placeholder="jdbc:postgresql://db.example.org:5432/shop"
        autosize
        minRows={1}
        maxRows={8}
        autoFocus={reference === undefined}
        spellCheck={false}
        autoComplete="off"
        styles={{ input: { fontFamily: 'var(--s-mono)' } }}
        value={text}
        onChange={(event) => write(event.currentTarget.value)}
        onPaste={paste}
        onBlur={() => {
          setTouched(true)
          take(text, '')
        }}
        error={fieldProblem(save.error, 'connector.spec.url') ?? (isTouched && isDirty ? problem : undefined)}
      />
      {taken.others.length === 0 ? null : (
        <div className={classes.note} data-tone="good" role="status">
          Took {taken.others.map((name) => TAKEN[name]).join(', ')} from what you wrote.
          {taken.others.includes('password')
            ? ' The password goes into a secret when you go on, and nowhere else.'
            : null}
        </div>
      )}
      {taken.placeholders.length === 0 ? null : (
        <div className={classes.note} role="status">
          Left out: {taken.placeholders.map((name) => TAKEN[name] ?? 'address').join(', ')}. A placeholder stands there,
          and not the value. Write the value into its field.
        </div>
      )}
      <LocalhostHint url={text} onUse={setText} />
      <NameFields
        value={naming}
        onChange={setNaming}
        isFixed={reference !== undefined}
        placeholder="Shop"
        nameError={fieldProblem(save.error, 'connector.name')}
        identifierError={fieldProblem(save.error, 'connector.identifier')}
      />
      <div className={classes.pair}>
        <TextInput
          label="User"
          description="One that may only read is enough until a pipeline applies"
          autoComplete="off"
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
          error={fieldProblem(save.error, 'connector.spec.auth.spec.username')}
        />
        <PasswordInput
          label="Password"
          description={
            secret === undefined
              ? 'Sealed as a secret; only the delegate opens it'
              : 'Stored. Leave it empty to keep it'
          }
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={tooShort ? sentence(save.error) : undefined}
        />
      </div>
      {tooShort ? null : <FailureNote error={save.error} />}
      <div className={classes.buttons}>
        <GuardedButton
          type="submit"
          may={mayConnect.isAllowed ? mayStore : mayConnect}
          loading={save.isPending}
          disabled={problem !== undefined || naming.name.trim() === '' || needsPassword}
        >
          {reference === undefined ? 'Save and test' : 'Save and test again'}
        </GuardedButton>
        {reference === undefined ? null : (
          <Button variant="subtle" color="gray" onClick={() => onSaved(reference)}>
            Test as it is
          </Button>
        )}
      </div>
    </form>
  )
}

function sentence(error: unknown): string | undefined {
  return error instanceof ApiProblem ? error.message : undefined
}

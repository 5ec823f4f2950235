import { Input, SegmentedControl, Switch, Textarea, TextInput } from '@mantine/core'
import { fieldProblem } from '../../api/field-problem.ts'
import { SecretPicker } from '../../connection/secret-picker.tsx'
import { SelectorsField } from '../../connection/selectors-field.tsx'
import { FieldPair } from '../../design/form.tsx'
import { NameFields } from '../../design/name-fields.tsx'
import { TagsField } from '../../design/tags.tsx'
import { engineProblem } from '../connect/jdbc-url.ts'
import { CATALOGUE } from './catalogue.ts'
import { type ConnectorDraft, type LoginKind, secretPath, usernamePath } from './draft.ts'

interface ConnectorFieldsProps {
  draft: ConnectorDraft
  onChange: (draft: ConnectorDraft) => void
  /** Failure of the last try to save: its field problems show at the fields. */
  error: unknown
  isStored: boolean
}

const LOGINS: Record<'database' | 'git', { value: LoginKind; label: string }[]> = {
  database: [
    { value: 'Password', label: 'User and password' },
    { value: 'None', label: 'None' },
  ],
  git: [
    { value: 'Token', label: 'Token' },
    { value: 'Password', label: 'User and password' },
    { value: 'None', label: 'None, it is public' },
  ],
}

/** All fields of a connector of any type. */
export function ConnectorFields({ draft, onChange, error, isStored }: ConnectorFieldsProps) {
  const { kind, example } = CATALOGUE[draft.type]
  const set = (changed: Partial<ConnectorDraft>): void => onChange({ ...draft, ...changed })
  return (
    <>
      <NameFields
        value={draft.naming}
        onChange={(naming) => set({ naming })}
        isFixed={isStored}
        autoFocus={!isStored}
        nameError={fieldProblem(error, 'connector.name')}
        identifierError={fieldProblem(error, 'connector.identifier')}
      />
      <TextInput
        label={kind === 'database' ? 'JDBC URL' : 'URL'}
        description={addressHint(draft)}
        placeholder={example}
        required
        withAsterisk={false}
        spellCheck={false}
        error={
          fieldProblem(error, 'connector.spec.url') ?? (kind === 'database' ? engineProblem(draft.url) : undefined)
        }
        value={draft.url}
        onChange={(event) => set({ url: event.currentTarget.value })}
      />
      {kind === 'git' ? <GitFields draft={draft} set={set} error={error} /> : null}
      <Input.Wrapper label="Authentication" labelElement="div">
        <div>
          <SegmentedControl
            size="xs"
            aria-label="Authentication"
            data={LOGINS[kind]}
            value={draft.login}
            onChange={(login) => set({ login })}
          />
        </div>
      </Input.Wrapper>
      {draft.login === 'None' ? null : (
        <FieldPair>
          <TextInput
            label={draft.login === 'Token' ? 'User name (optional)' : 'User name'}
            required={draft.login === 'Password'}
            withAsterisk={false}
            autoComplete="off"
            spellCheck={false}
            error={fieldProblem(error, usernamePath(draft))}
            value={draft.username}
            onChange={(event) => set({ username: event.currentTarget.value })}
          />
          <SecretPicker
            label={draft.login === 'Token' ? 'Token' : 'Password'}
            required
            suggestedName={`${draft.naming.name} ${draft.login === 'Token' ? 'token' : 'password'}`.trim()}
            error={fieldProblem(error, secretPath(draft))}
            value={draft.secretRef}
            onChange={(secretRef) => set({ secretRef })}
          />
        </FieldPair>
      )}
      <SelectorsField
        value={draft.selectors}
        onChange={(selectors) => set({ selectors })}
        error={fieldProblem(error, 'connector.spec.delegateSelectors')}
      />
      <FieldPair>
        <Textarea
          label="Description"
          autosize
          minRows={1}
          maxRows={4}
          maxLength={1024}
          description="For whoever reads this next"
          value={draft.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
        />
        <TagsField
          value={draft.tags}
          onChange={(tags) => set({ tags })}
          error={fieldProblem(error, 'connector.tags')}
        />
      </FieldPair>
    </>
  )
}

/** `localhost` is somebody else's machine for most delegates: said before a test fails. */
function addressHint({ type, url }: ConnectorDraft): string {
  if (/\/\/(localhost|127\.|\[?::1)/i.test(url)) {
    return '“localhost” is the machine of the delegate, and inside a container the container itself. Write host.docker.internal or the host’s name there.'
  }
  return type === 'JDBC'
    ? 'As the delegate reaches it. User name and password go into their own fields.'
    : 'https only, without user name or token in it.'
}

function GitFields({
  draft,
  set,
  error,
}: {
  draft: ConnectorDraft
  set: (changed: Partial<ConnectorDraft>) => void
  error: unknown
}) {
  return (
    <>
      <FieldPair>
        <Input.Wrapper label="The URL is" labelElement="div">
          <div>
            <SegmentedControl
              size="xs"
              aria-label="The URL is"
              data={[
                { value: 'Repo', label: 'One repository' },
                { value: 'Account', label: 'An account of many' },
              ]}
              value={draft.urlKind}
              onChange={(urlKind) => set({ urlKind: urlKind === 'Account' ? 'Account' : 'Repo' })}
            />
          </div>
        </Input.Wrapper>
        {draft.urlKind === 'Account' ? (
          <TextInput
            label="Repository for tests"
            description="Connection tests read this one"
            placeholder="orders-db"
            spellCheck={false}
            error={fieldProblem(error, 'connector.spec.validationRepo')}
            value={draft.validationRepo}
            onChange={(event) => set({ validationRepo: event.currentTarget.value })}
          />
        ) : null}
      </FieldPair>
      <Switch
        label="Connect through a delegate"
        description="For hosts that only your network reaches. Off: Sluice reads the repository itself."
        checked={draft.isThroughDelegate}
        onChange={(event) => set({ isThroughDelegate: event.currentTarget.checked })}
      />
    </>
  )
}

import { Button, Combobox, InputBase, Loader, Text, useCombobox } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconKey, IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { call } from '../api/call.ts'
import { useMay } from '../api/permissions.ts'
import { useProject } from '../api/project.ts'
import { referenceTo, scopeText } from '../api/reference.ts'
import { sentenceOf } from '../design/states.tsx'
import { NewSecret } from './new-secret.tsx'
import classes from './secret-picker.module.css'

interface SecretPickerProps {
  label: string
  description?: string
  /** Reference such as `db_password` or `account.db_password`; empty where none is chosen. */
  value: string
  onChange: (reference: string) => void
  error?: string
  required?: boolean
  /** Name offered for a secret that is made here. */
  suggestedName?: string
}

const SEARCH_DELAY_MS = 150
const SHOWN = 20

/** Chooses a secret of the project at hand or of the scopes above, or makes one on the spot. Values are never shown. */
export function SecretPicker({
  label,
  description,
  value,
  onChange,
  error,
  required = false,
  suggestedName,
}: SecretPickerProps) {
  const { query } = useProject()
  const mayCreate = useMay('core_secret_edit')
  const [text, setText] = useState<string>()
  const [isCreating, setCreating] = useState(false)
  const [term] = useDebouncedValue((text ?? '').trim(), SEARCH_DELAY_MS)
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() })
  const noteId = useId()
  const secrets = useQuery({
    queryKey: ['secrets', query, 'picker', term],
    queryFn: ({ signal }) =>
      call(
        'listSecrets',
        {
          query: { ...query, pageSize: SHOWN, includeAllSecretsAccessibleAtScope: 'true' },
          body: term === '' ? {} : { searchTerm: term },
        },
        { signal },
      ),
    placeholderData: (before) => before,
    enabled: combobox.dropdownOpened,
  })
  const found = secrets.data?.content ?? []
  const choose = (reference: string): void => {
    onChange(reference)
    setText(undefined)
    combobox.closeDropdown()
  }
  if (isCreating) {
    return (
      <NewSecret
        label={label}
        suggestedName={text === undefined || text === '' ? suggestedName : text}
        onMade={(reference) => {
          choose(reference)
          setCreating(false)
        }}
        onCancel={() => setCreating(false)}
      />
    )
  }
  return (
    <Combobox store={combobox} onOptionSubmit={choose}>
      <Combobox.Target>
        <InputBase
          label={label}
          description={description}
          required={required}
          withAsterisk={false}
          error={error}
          leftSection={<IconKey size={15} aria-hidden />}
          rightSection={
            secrets.isFetching ? (
              <Loader size={14} />
            ) : (
              <Button
                variant="subtle"
                size="compact-xs"
                disabled={!mayCreate.isAllowed}
                onClick={() => setCreating(true)}
                leftSection={<IconPlus size={13} />}
              >
                New
              </Button>
            )
          }
          rightSectionWidth={72}
          rightSectionPointerEvents="all"
          placeholder="Search, or make a new one"
          autoComplete="off"
          aria-describedby={noteId}
          value={text ?? value}
          onChange={(event) => {
            setText(event.currentTarget.value)
            combobox.openDropdown()
            combobox.updateSelectedOptionIndex()
          }}
          onClick={() => combobox.openDropdown()}
          onFocus={() => combobox.openDropdown()}
          onBlur={() => {
            combobox.closeDropdown()
            setText(undefined)
          }}
        />
      </Combobox.Target>
      <span id={noteId} className="s-visually-hidden">
        {mayCreate.isAllowed ? 'The button "New" stores a new secret.' : mayCreate.reason}
      </span>
      <Combobox.Dropdown>
        <Combobox.Options mah={260} className={classes.options}>
          {found.map(({ secret }) => {
            const reference = referenceTo(secret)
            return (
              <Combobox.Option key={reference} value={reference} active={reference === value}>
                <span className={classes.option}>
                  <span>{secret.name}</span>
                  <code>{reference}</code>
                  <small>{scopeText(secret)}</small>
                </span>
              </Combobox.Option>
            )
          })}
          {found.length === 0 && !secrets.isFetching ? (
            <Combobox.Empty>
              {secrets.error !== null
                ? sentenceOf(secrets.error)
                : term === ''
                  ? 'There are no secrets yet.'
                  : `No secret is called “${term}”.`}
            </Combobox.Empty>
          ) : null}
        </Combobox.Options>
        <Combobox.Footer>
          <Text size="xs" c="dimmed">
            {(secrets.data?.totalItems ?? 0) > SHOWN
              ? `${SHOWN} of ${secrets.data?.totalItems ?? 0}: type to narrow them down.`
              : 'Only names are kept here; the value is opened on the delegate.'}
          </Text>
        </Combobox.Footer>
      </Combobox.Dropdown>
    </Combobox>
  )
}

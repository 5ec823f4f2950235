import { Anchor, Group, TextInput } from '@mantine/core'
import { useState } from 'react'
import { identifierOf, identifierProblem } from './identifier.ts'

export interface NameAndIdentifier {
  name: string
  identifier: string
}

interface NameFieldsProps {
  value: NameAndIdentifier
  onChange: (value: NameAndIdentifier) => void
  /** An entity that exists keeps its identifier. */
  isIdentifierFixed?: boolean
  /** Name of the field, for people. */
  label?: string
  placeholder?: string
  error?: string
  identifierError?: string
  autoFocus?: boolean
}

/** A name, and the identifier that follows it until someone writes their own. */
export function NameFields(props: NameFieldsProps) {
  const { value, onChange, isIdentifierFixed = false, label = 'Name', placeholder, error, identifierError } = props
  const [isOpen, setOpen] = useState(false)
  const follows = value.identifier === identifierOf(value.name)
  const problem = value.name === '' ? undefined : identifierProblem(value.identifier)
  const isEditing = !isIdentifierFixed && (isOpen || !follows || identifierError !== undefined)
  return (
    <div>
      <TextInput
        label={label}
        placeholder={placeholder}
        required
        withAsterisk={false}
        maxLength={128}
        data-autofocus={props.autoFocus === true ? true : undefined}
        value={value.name}
        error={error}
        onChange={(event) => {
          const name = event.currentTarget.value
          const identifier = follows && !isIdentifierFixed ? identifierOf(name) : value.identifier
          onChange({ name, identifier })
        }}
      />
      {isEditing ? (
        <TextInput
          mt={8}
          label="Identifier"
          description="Pipelines and the API refer to it by this. It stays."
          required
          withAsterisk={false}
          value={value.identifier}
          error={identifierError ?? problem}
          onChange={(event) => onChange({ ...value, identifier: event.currentTarget.value })}
        />
      ) : (
        <Group gap={6} mt={4} fz={12.5} c="dimmed" mih={20}>
          <span>
            Identifier <code>{value.identifier === '' ? '…' : value.identifier}</code>
          </span>
          {isIdentifierFixed ? null : (
            <Anchor component="button" type="button" fz={12.5} onClick={() => setOpen(true)}>
              Change
            </Anchor>
          )}
        </Group>
      )}
    </div>
  )
}

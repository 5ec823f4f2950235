import { TextInput } from '@mantine/core'
import { identifierOf } from './identifier.ts'
import classes from './name-fields.module.css'

export interface Naming {
  name: string
  identifier: string
  /** True once somebody typed the identifier: it no longer follows the name. */
  isOwn: boolean
}

export const NO_NAME: Naming = { name: '', identifier: '', isOwn: false }

interface NameFieldsProps {
  value: Naming
  onChange: (value: Naming) => void
  /** Identifiers can't be changed after creation. */
  isFixed?: boolean
  nameError?: string
  identifierError?: string
  placeholder?: string
  autoFocus?: boolean
}

/** Name, and the identifier that follows it until somebody types another. */
export function NameFields(props: NameFieldsProps) {
  const { value, onChange, isFixed = false, nameError, identifierError, placeholder, autoFocus } = props
  return (
    <div className={classes.pair}>
      <TextInput
        label="Name"
        required
        withAsterisk={false}
        maxLength={128}
        autoFocus={autoFocus}
        data-autofocus={autoFocus === true ? true : undefined}
        placeholder={placeholder}
        error={nameError}
        value={value.name}
        onChange={(event) => {
          const name = event.currentTarget.value
          onChange({ ...value, name, ...(isFixed || value.isOwn ? {} : { identifier: identifierOf(name) }) })
        }}
      />
      <TextInput
        label="Identifier"
        required
        withAsterisk={false}
        maxLength={128}
        pattern="[a-zA-Z_][0-9a-zA-Z_$]*"
        title="Begins with a letter or _; letters, digits, _ and $ only"
        readOnly={isFixed}
        variant={isFixed ? 'filled' : 'default'}
        error={identifierError}
        value={value.identifier}
        onChange={(event) => onChange({ ...value, identifier: event.currentTarget.value, isOwn: true })}
      />
    </div>
  )
}

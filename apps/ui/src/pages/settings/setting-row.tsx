import { Button, Checkbox, NumberInput, Switch, TextInput } from '@mantine/core'
import type { Setting } from '@sluice/contracts/settings'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import type { EntityScope } from '../../api/reference.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { FailureNote } from '../../design/states.tsx'
import { boundsText, typeOf } from './setting-type.ts'
import classes from './settings.module.css'

type Level = Setting['levels'][number]
type Value = string | number | boolean

const SOURCES: Record<Setting['source'], string> = {
  default: 'default',
  account: 'set for the account',
  org: 'set for the organisation',
  project: 'set for this project',
}

interface Draft {
  value?: Value
  allowOverrides?: boolean
}
const NOTHING: Draft = {}

interface SettingRowProps {
  setting: Setting
  level: Level
  scope: EntityScope
}

/** One setting: its value in effect, where it comes from, and a form where it can be set at this level. */
export function SettingRow({ setting, level, scope }: SettingRowProps) {
  const queryClient = useQueryClient()
  const permission = useMay('core_setting_edit', scope)
  // Undefined where nothing was chosen here: then what is stored shows, also when it changes. What was chosen stays.
  const [draft, setDraft] = useState<Draft>(NOTHING)
  const value = draft.value ?? asValue(setting.value)
  const allowOverrides = draft.allowOverrides ?? setting.allowOverrides
  const isHere = setting.levels.includes(level)
  const save = useMutation({
    mutationFn: ({ isRestored, sent }: { isRestored: boolean; sent: Draft }) =>
      call('updateSettings', {
        query: scope,
        body: [
          isRestored
            ? { updateType: 'RESTORE', identifier: setting.identifier }
            : {
                updateType: 'UPDATE',
                identifier: setting.identifier,
                value: sent.value ?? asValue(setting.value),
                allowOverrides: sent.allowOverrides ?? setting.allowOverrides,
              },
        ],
      }),
    onSuccess: async (_answer, { sent }) => {
      await queryClient.invalidateQueries({ queryKey: ['settings'] })
      // What was typed while this was under way is not saved yet.
      setDraft((now) => (now === sent ? NOTHING : now))
    },
  })
  const whyNot = !isHere
    ? `This is set for the ${setting.levels.map((item) => LEVEL_WORDS[item]).join(' or ')} only.`
    : setting.editable
      ? undefined
      : 'A level above forbids to override it.'
  const may = whyNot === undefined ? permission : { isAllowed: false, reason: whyNot }
  const isChanged = value !== setting.value || allowOverrides !== setting.allowOverrides
  const isSetHere = setting.source === level
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (isChanged && may.isAllowed) save.mutate({ isRestored: false, sent: draft })
  }
  const canBeOverridden = isHere && setting.levels.indexOf(level) < setting.levels.length - 1
  return (
    <form className={classes.row} onSubmit={submit} aria-label={setting.name}>
      <div className={classes.words}>
        <strong>{setting.name}</strong>
        <span>{setting.description}</span>
        <small>
          {SOURCES[setting.source]}
          {setting.source === 'default' ? '' : `, default ${String(setting.defaultValue)}`}
          {isChanged ? `, stored ${String(setting.value)}` : ''}
        </small>
      </div>
      <div className={classes.field}>
        <ValueField
          setting={setting}
          value={value}
          onChange={(chosen) => setDraft((before) => ({ ...before, value: chosen }))}
          isOff={!may.isAllowed}
        />
        {canBeOverridden ? (
          <Checkbox
            size="xs"
            label="Levels below may override it"
            disabled={!may.isAllowed}
            checked={allowOverrides}
            onChange={(event) => {
              const { checked } = event.currentTarget
              setDraft((before) => ({ ...before, allowOverrides: checked }))
            }}
          />
        ) : null}
        <FailureNote error={save.error} />
      </div>
      <div className={classes.actions}>
        <GuardedButton may={may} type="submit" disabled={may.isAllowed && !isChanged} loading={save.isPending}>
          Save
        </GuardedButton>
        <Button
          variant="subtle"
          color="gray"
          disabled={!isSetHere || !may.isAllowed || save.isPending}
          onClick={() => save.mutate({ isRestored: true, sent: draft })}
        >
          {level === 'account' ? 'Back to default' : 'Inherit'}
        </Button>
      </div>
    </form>
  )
}

const LEVEL_WORDS: Record<Level, string> = { account: 'account', org: 'organisation', project: 'project' }

function asValue(value: unknown): Value {
  return typeof value === 'number' || typeof value === 'boolean' ? value : typeof value === 'string' ? value : ''
}

function ValueField({
  setting,
  value,
  onChange,
  isOff,
}: {
  setting: Setting
  value: Value
  onChange: (value: Value) => void
  isOff: boolean
}) {
  const type = typeOf(setting.schema)
  if (type.kind === 'boolean') {
    return (
      <Switch
        aria-label={setting.name}
        disabled={isOff}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    )
  }
  if (type.kind === 'number') {
    return (
      <NumberInput
        aria-label={setting.name}
        description={boundsText(type, setting.unit)}
        inputWrapperOrder={['input', 'description']}
        suffix={setting.unit === undefined ? undefined : ` ${setting.unit}`}
        min={type.minimum}
        max={type.maximum}
        allowDecimal={!type.isInteger}
        clampBehavior="blur"
        thousandSeparator=" "
        disabled={isOff}
        value={typeof value === 'boolean' ? '' : value}
        onChange={onChange}
      />
    )
  }
  return (
    <TextInput
      aria-label={setting.name}
      disabled={isOff}
      value={String(value)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

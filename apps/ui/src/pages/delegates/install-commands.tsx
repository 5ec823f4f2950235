import { Tabs, TagsInput, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { DelegateInstall, TOKEN_PLACEHOLDER } from '@sluice/contracts/delegates'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { CodeBlock } from '../../design/code-block.tsx'
import { FailureNote, LoadingRows } from '../../design/states.tsx'
import classes from './delegates.module.css'
import type { ChosenToken } from './install-token.tsx'

const TYPING_DELAY_MS = 250
const PLACEHOLDER: typeof TOKEN_PLACEHOLDER = '<token>'
const WAYS = [
  { key: 'docker', label: 'Docker' },
  { key: 'compose', label: 'Docker Compose' },
  { key: 'node', label: 'Process' },
] as const satisfies readonly { key: keyof DelegateInstall; label: string }[]

/** What to paste into a shell, for the name and tags that the delegate is to have. */
export function InstallCommands({ token }: { token: ChosenToken }) {
  const [name, setName] = useState('my-delegate')
  const [tags, setTags] = useState<string[]>([])
  const [asked] = useDebouncedValue({ name: name.trim(), tags: tags.join(',') }, TYPING_DELAY_MS)
  const install = useQuery({
    queryKey: ['delegate-install', token.scope, token.name, asked],
    queryFn: ({ signal }) =>
      call(
        'getDelegateInstall',
        { query: { ...token.scope, tokenName: token.name, delegateName: asked.name, tags: asked.tags } },
        { signal },
      ),
    enabled: asked.name !== '',
    placeholderData: keepPreviousData,
  })
  const nameError = fieldProblem(install.error, 'query.delegateName')
  const tagsError = fieldProblem(install.error, 'query.tags')
  return (
    <div className={classes.stack}>
      <div className={classes.fields} data-align="start">
        <TextInput
          label="Name of the delegate"
          maxLength={64}
          spellCheck={false}
          error={nameError}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TagsInput
          label="Tags"
          placeholder={tags.length === 0 ? 'staging, eu-west' : ''}
          error={tagsError}
          value={tags}
          onChange={setTags}
        />
      </div>
      {install.data === undefined ? (
        install.error === null ? (
          <LoadingRows rows={4} />
        ) : (
          <FailureNote error={install.error} onRetry={() => void install.refetch()} />
        )
      ) : (
        <Tabs defaultValue="docker">
          <Tabs.List mb="sm">
            {WAYS.map(({ key, label }) => (
              <Tabs.Tab key={key} value={key}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {WAYS.map(({ key, label }) => (
            <Tabs.Panel key={key} value={key}>
              <CodeBlock
                label={`${label} command`}
                maxHeight={240}
                text={
                  token.value === undefined ? install.data[key] : install.data[key].replaceAll(PLACEHOLDER, token.value)
                }
              />
            </Tabs.Panel>
          ))}
        </Tabs>
      )}
      {install.data === undefined || install.data.notes.length === 0 ? null : (
        <ul className={classes.notes}>
          {install.data.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

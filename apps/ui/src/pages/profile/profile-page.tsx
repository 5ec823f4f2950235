import { Button, SegmentedControl, TextInput, useMantineColorScheme } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type Output } from '../../api/call.ts'
import { currentUserQuery } from '../../api/current-user.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { permissionsQuery } from '../../api/permissions.ts'
import { useProject } from '../../api/project.ts'
import { Form } from '../../design/form.tsx'
import { Facts, Page, Panel } from '../../design/page.tsx'
import { FailedState, LoadingRows } from '../../design/states.tsx'
import { TagList } from '../../design/tags.tsx'
import { ApiKeys } from './api-keys.tsx'
import { ChangePassword } from './change-password.tsx'
import classes from './profile.module.css'
import { Sessions } from './sessions.tsx'

const SCHEMES = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const

/** What is one's own: name, password, colours, sessions, API keys. */
export function ProfilePage() {
  const user = useQuery(currentUserQuery())
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Page title="Profile" subtitle={user.data?.email ?? ' '}>
      <div className={classes.halves}>
        <Panel title="You">
          {user.data === undefined ? (
            user.error === null ? (
              <LoadingRows rows={3} />
            ) : (
              <FailedState error={user.error} onRetry={() => void user.refetch()} />
            )
          ) : (
            <You user={user.data} />
          )}
        </Panel>
        <Panel title="Password">
          <ChangePassword />
        </Panel>
      </div>
      <Panel title="Colours">
        <SegmentedControl
          size="xs"
          aria-label="Colours"
          data={[...SCHEMES]}
          value={colorScheme}
          onChange={(chosen) => setColorScheme(SCHEMES.find(({ value }) => value === chosen)?.value ?? 'auto')}
        />
      </Panel>
      <Sessions />
      <ApiKeys />
    </Page>
  )
}

function You({ user }: { user: Output<'getCurrentUser'> }) {
  const queryClient = useQueryClient()
  const { org, project, query } = useProject()
  const access = useQuery(permissionsQuery(query))
  const [name, setName] = useState(user.name)
  const save = useMutation({
    mutationFn: () => call('updateCurrentUser', { body: { user: { name, version: user.version } } }),
    onSuccess: (stored) => {
      queryClient.setQueryData(currentUserQuery().queryKey, stored)
      return queryClient.invalidateQueries({ queryKey: ['users'] })
    },
  })
  const atName = fieldProblem(save.error, 'user.name')
  return (
    <Form
      label="Your name"
      onSubmit={() => save.mutate()}
      error={atName === undefined ? save.error : undefined}
      actions={
        <>
          <Button type="submit" disabled={name.trim() === user.name || name.trim() === ''} loading={save.isPending}>
            Save
          </Button>
          <span role="status">{save.isSuccess && name === user.name ? 'Saved.' : ''}</span>
        </>
      }
    >
      <TextInput
        label="Name"
        required
        withAsterisk={false}
        maxLength={128}
        autoComplete="name"
        error={atName}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Facts
        rows={[
          ['E-mail', user.email],
          ['Account', <code key="a">{user.accountIdentifier}</code>],
          [`Roles in ${org}/${project}`, <TagList key="r" tags={access.data?.roles ?? []} none="none" />],
        ]}
      />
    </Form>
  )
}

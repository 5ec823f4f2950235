import { Drawer, PasswordInput, TextInput } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type Input } from '../../api/call.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { ACCOUNT, useMay } from '../../api/permissions.ts'
import { DeleteDialog } from '../../design/delete-dialog.tsx'
import { DrawerSection } from '../../design/drawer-section.tsx'
import { Form } from '../../design/form.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Facts } from '../../design/page.tsx'
import { FailedState, FailureNote, LoadingRows } from '../../design/states.tsx'
import { Ago } from '../../design/time.tsx'
import { RoleFields } from './role-fields.tsx'
import type { User } from './roles.ts'
import classes from './users.module.css'

type Change = Input<'updateUser'>['body']['user']

/** One user: roles, password, state, removal. */
export function UserDrawer({ userId, onClose }: { userId: string; onClose: () => void }) {
  const found = useQuery({
    queryKey: ['users', 'one', userId],
    queryFn: ({ signal }) => call('getUser', { params: { userId } }, { signal }),
  })
  const user = found.data?.user
  return (
    <Drawer opened onClose={onClose} title={user?.name ?? 'User'} size="lg">
      {user === undefined ? (
        found.error === null ? (
          <LoadingRows />
        ) : (
          <FailedState error={found.error} onRetry={() => void found.refetch()} />
        )
      ) : (
        <UserDetails user={user} onRemoved={onClose} />
      )}
    </Drawer>
  )
}

/** Sends a change of the user; lists are read again whatever came of it. */
function useChange(user: User, onChanged?: () => void) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (change: Change) => call('updateUser', { params: { userId: user.uuid }, body: { user: change } }),
    onSuccess: onChanged,
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: ['users'] }),
        // One's own roles may be among them.
        queryClient.invalidateQueries({ queryKey: ['permissions'] }),
        queryClient.invalidateQueries({ queryKey: ['current-user'] }),
      ]),
  })
}

function UserDetails({ user, onRemoved }: { user: User; onRemoved: () => void }) {
  const queryClient = useQueryClient()
  const may = useMay('core_user_manage', ACCOUNT)
  const state = useChange(user)
  const [isRemoving, setRemoving] = useState(false)
  return (
    <>
      <DrawerSection>
        <Facts
          rows={[
            ['E-mail', user.email],
            ['Added', <Ago key="a" at={user.createdAt} />],
            ['Changed', <Ago key="c" at={user.lastModifiedAt} />],
          ]}
        />
      </DrawerSection>
      <DrawerSection title="Name and roles">
        <RolesForm user={user} />
      </DrawerSection>
      <DrawerSection title="New password">
        <PasswordForm user={user} />
      </DrawerSection>
      <DrawerSection title="Access">
        <div className={classes.buttons}>
          {user.locked ? (
            <GuardedButton may={may} variant="default" onClick={() => state.mutate({ locked: false })}>
              Unlock
            </GuardedButton>
          ) : null}
          <GuardedButton
            may={may}
            variant="default"
            loading={state.isPending}
            onClick={() => state.mutate({ disabled: !user.disabled })}
          >
            {user.disabled ? 'Let in again' : 'Disable, and end all sessions'}
          </GuardedButton>
          <GuardedButton
            may={may}
            variant="light"
            color="red"
            leftSection={<IconTrash size={15} />}
            onClick={() => setRemoving(true)}
          >
            Remove user
          </GuardedButton>
        </div>
        <FailureNote error={state.error} />
      </DrawerSection>
      {isRemoving ? (
        <DeleteDialog
          kind="user"
          name={user.name}
          hasToBeTyped={false}
          onClose={() => setRemoving(false)}
          onDelete={async () => {
            await call('deleteUser', { params: { userId: user.uuid } })
            onRemoved()
            await queryClient.invalidateQueries({ queryKey: ['users'] })
          }}
        >
          Sessions, API keys and roles go at once. What the user did stays in the audit trail.
        </DeleteDialog>
      ) : null}
    </>
  )
}

function RolesForm({ user }: { user: User }) {
  const may = useMay('core_user_manage', ACCOUNT)
  const [name, setName] = useState(user.name)
  const [roleAssignments, setRoleAssignments] = useState(user.roleAssignments)
  const [version, setVersion] = useState(user.version)
  const save = useChange(user)
  return (
    <Form
      label="Name and roles"
      onSubmit={() =>
        save.mutate({ name, roleAssignments, version }, { onSuccess: ({ user: stored }) => setVersion(stored.version) })
      }
      error={save.error}
      actions={
        <>
          <GuardedButton may={may} type="submit" loading={save.isPending}>
            Save
          </GuardedButton>
          <span role="status">{save.isSuccess ? 'Saved.' : ''}</span>
        </>
      }
    >
      <TextInput
        label="Name"
        required
        withAsterisk={false}
        maxLength={128}
        disabled={!may.isAllowed}
        error={fieldProblem(save.error, 'user.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <RoleFields
        value={roleAssignments}
        onChange={setRoleAssignments}
        isOff={!may.isAllowed}
        error={fieldProblem(save.error, 'user.roleAssignments')}
      />
    </Form>
  )
}

function PasswordForm({ user }: { user: User }) {
  const may = useMay('core_user_manage', ACCOUNT)
  const [password, setPassword] = useState('')
  const save = useChange(user, () => setPassword(''))
  const atPassword = fieldProblem(save.error, 'user.password')
  return (
    <Form
      label="New password"
      onSubmit={() => save.mutate({ password })}
      error={atPassword === undefined ? save.error : undefined}
      actions={
        <>
          <GuardedButton
            may={may}
            type="submit"
            variant="default"
            disabled={may.isAllowed && password === ''}
            loading={save.isPending}
          >
            Set password
          </GuardedButton>
          <span role="status">{save.isSuccess && password === '' ? 'Set.' : ''}</span>
        </>
      }
    >
      <PasswordInput
        label="Password"
        description="12 characters at least. Their open sessions end."
        autoComplete="new-password"
        disabled={!may.isAllowed}
        error={atPassword}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
    </Form>
  )
}

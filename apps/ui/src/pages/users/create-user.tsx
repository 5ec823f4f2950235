import { Button, Modal, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { ACCOUNT, useMay } from '../../api/permissions.ts'
import { FieldPair, Form } from '../../design/form.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { RoleFields } from './role-fields.tsx'
import type { RoleAssignment } from './roles.ts'

/** Adds a user, with a first password that the user changes later. */
export function CreateUser({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient()
  const may = useMay('core_user_manage', ACCOUNT)
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [roleAssignments, setRoleAssignments] = useState<RoleAssignment[]>([{ role: 'viewer' }])
  const create = useMutation({
    mutationFn: () => call('createUser', { body: { user: { name, email, password, roleAssignments } } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['users'] })
      onClose()
    },
  })
  return (
    <Modal opened onClose={onClose} title="Add user" size="lg" closeOnClickOutside={false}>
      <Form
        label="Add user"
        onSubmit={() => create.mutate()}
        error={create.error}
        actions={
          <>
            <GuardedButton may={may} type="submit" loading={create.isPending}>
              Add user
            </GuardedButton>
            <Button variant="subtle" color="gray" onClick={onClose}>
              Cancel
            </Button>
          </>
        }
      >
        <FieldPair>
          <TextInput
            label="Name"
            required
            withAsterisk={false}
            data-autofocus
            maxLength={128}
            error={fieldProblem(create.error, 'user.name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label="E-mail"
            type="email"
            required
            withAsterisk={false}
            autoComplete="off"
            error={fieldProblem(create.error, 'user.email')}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
        </FieldPair>
        <PasswordInput
          label="First password"
          description="12 characters at least. Hand it over in person; it can be changed under Profile."
          required
          withAsterisk={false}
          autoComplete="new-password"
          error={fieldProblem(create.error, 'user.password')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <RoleFields
          value={roleAssignments}
          onChange={setRoleAssignments}
          error={fieldProblem(create.error, 'user.roleAssignments')}
        />
      </Form>
    </Modal>
  )
}

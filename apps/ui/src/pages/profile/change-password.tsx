import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { ApiProblem } from '../../api/problem.ts'
import { Form } from '../../design/form.tsx'

/** Changes one's own password; every other session ends. */
export function ChangePassword() {
  const queryClient = useQueryClient()
  const [currentPassword, setCurrentPassword] = useState('')
  const [newPassword, setNewPassword] = useState('')
  const change = useMutation({
    mutationFn: () => call('changePassword', { body: { currentPassword, newPassword, bearer: false } }),
    onSuccess: () => {
      setCurrentPassword('')
      setNewPassword('')
      return queryClient.invalidateQueries({ queryKey: ['sessions'] })
    },
  })
  const atCurrent =
    change.error instanceof ApiProblem && change.error.code === 'INVALID_CREDENTIALS'
      ? change.error.message
      : fieldProblem(change.error, 'currentPassword')
  const atNew = fieldProblem(change.error, 'newPassword')
  return (
    <Form
      label="Change password"
      onSubmit={() => change.mutate()}
      error={atCurrent === undefined && atNew === undefined ? change.error : undefined}
      actions={
        <>
          <Button type="submit" disabled={currentPassword === '' || newPassword === ''} loading={change.isPending}>
            Change password
          </Button>
          <span role="status">
            {change.isSuccess && newPassword === '' ? 'Changed. All other sessions have ended.' : ''}
          </span>
        </>
      }
    >
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        error={atCurrent}
        value={currentPassword}
        onChange={(event) => setCurrentPassword(event.currentTarget.value)}
      />
      <PasswordInput
        label="New password"
        description="12 characters at least"
        autoComplete="new-password"
        error={atNew}
        value={newPassword}
        onChange={(event) => setNewPassword(event.currentTarget.value)}
      />
    </Form>
  )
}

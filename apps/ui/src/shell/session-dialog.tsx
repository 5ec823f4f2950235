import { Modal, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { currentUserQuery } from '../api/current-user.ts'
import { session } from '../api/session.ts'
import { SignInForm } from './sign-in-form.tsx'

/** Asks to sign in again over the page as it stands: what was typed stays where it is. */
export function SessionDialog() {
  const isExpired = useSyncExternalStore(session.subscribe, session.isExpired)
  const queryClient = useQueryClient()
  const user = queryClient.getQueryData(currentUserQuery().queryKey)
  // Nobody was signed in yet: the login page asks.
  if (!isExpired || user === undefined) return null
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
      title="Your session has ended"
    >
      <Text size="sm" c="dimmed" mb="sm">
        Sign in again to go on. Nothing on this page is lost.
      </Text>
      <SignInForm
        email={user.email}
        onSignedIn={() => {
          session.renew()
          void queryClient.invalidateQueries()
        }}
      />
    </Modal>
  )
}

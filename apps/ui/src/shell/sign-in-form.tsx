import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { call } from '../api/call.ts'
import { FailureNote } from '../design/states.tsx'

/** Asks for e-mail address and password, and opens a session in a cookie that no script can read. */
export function SignInForm({ email: knownEmail, onSignedIn }: { email?: string; onSignedIn: () => void }) {
  const [email, setEmail] = useState(knownEmail ?? '')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => call('login', { body: { email, password, bearer: false } }),
    onSuccess: onSignedIn,
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    signIn.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          readOnly={knownEmail !== undefined}
          autoFocus={knownEmail === undefined}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          autoFocus={knownEmail !== undefined}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <FailureNote error={signIn.error} />
        <Button type="submit" size="sm" loading={signIn.isPending} mt={4}>
          Sign in
        </Button>
      </Stack>
    </form>
  )
}

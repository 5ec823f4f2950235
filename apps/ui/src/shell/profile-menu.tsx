import { Avatar, Menu, UnstyledButton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconApi, IconLogout, IconPalette, IconUser } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import { currentUserQuery } from '../api/current-user.ts'
import { sentenceOf } from '../design/states.tsx'

/** Who is signed in, and the way out. */
export function ProfileMenu() {
  const { data: user } = useQuery(currentUserQuery())
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const signOut = useMutation({
    mutationFn: () => call('logout', {}),
    onSuccess: async () => {
      await navigate({ to: '/login' })
      queryClient.clear()
    },
    onError: (error) => {
      notifications.show({ color: 'red', title: 'You are still signed in', message: sentenceOf(error) })
    },
  })
  const name = user?.name ?? ''
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton aria-label={`Profile of ${name}`}>
          <Avatar size={28} radius="xl" color="tide" name={name} variant="filled" aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{user?.email}</Menu.Label>
        <Menu.Item component={Link} to="/profile" leftSection={<IconUser size={15} />}>
          Profile and API keys
        </Menu.Item>
        <Menu.Item component="a" href="/gateway/docs" target="_blank" leftSection={<IconApi size={15} />}>
          API reference
        </Menu.Item>
        <Menu.Item component={Link} to="/design" leftSection={<IconPalette size={15} />}>
          Design language
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => signOut.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

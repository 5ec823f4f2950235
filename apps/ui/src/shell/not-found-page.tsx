import { Button } from '@mantine/core'
import { IconSearchOff } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { EmptyState } from '../design/states.tsx'

/** An address that leads nowhere. */
export function NotFoundPage() {
  return (
    <EmptyState
      icon={<IconSearchOff size={26} stroke={1.6} />}
      title="There is no such page"
      action={
        <Button component={Link} to="/" variant="default">
          Go home
        </Button>
      }
    >
      The address may be mistyped, or what it showed was deleted.
    </EmptyState>
  )
}

import { Button, Group, Modal, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { FailureNote } from './states.tsx'

interface ConfirmDialogProps {
  title: string
  /** Word on the button that does it: "Revoke". */
  verb: string
  /** What happens, and to whom. */
  children: ReactNode
  /** Red button: can't be taken back. */
  isDangerous?: boolean
  onConfirm: () => Promise<unknown>
  onClose: () => void
}

/** Asks before something happens that can't be taken back, and tells in place why it did not. */
export function ConfirmDialog({ title, verb, children, isDangerous = true, onConfirm, onClose }: ConfirmDialogProps) {
  const act = useMutation({ mutationFn: onConfirm, onSuccess: onClose })
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack gap="md">
        <div>{children}</div>
        <FailureNote error={act.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" data-autofocus onClick={onClose}>
            Cancel
          </Button>
          <Button color={isDangerous ? 'red' : undefined} loading={act.isPending} onClick={() => act.mutate()}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

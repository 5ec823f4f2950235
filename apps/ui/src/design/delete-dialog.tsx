import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { FailureNote } from './states.tsx'

interface DeleteDialogProps {
  /** What it is: "DB schema". */
  kind: string
  name: string
  /** What goes with it, and what stays. */
  children: ReactNode
  /** Ask to write the name: for what can't be made again by hand. */
  hasToBeTyped: boolean
  onDelete: () => Promise<unknown>
  onClose: () => void
}

/** Asks before something is deleted, and tells in place why it could not be. */
export function DeleteDialog({ kind, name, children, hasToBeTyped, onDelete, onClose }: DeleteDialogProps) {
  const [typed, setTyped] = useState('')
  const remove = useMutation({ mutationFn: onDelete, onSuccess: onClose })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!hasToBeTyped || typed === name) remove.mutate()
  }
  return (
    <Modal opened onClose={onClose} title={`Delete ${kind} “${name}”?`}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <div>{children}</div>
          {hasToBeTyped ? (
            <TextInput
              label={`Type ${name} to confirm`}
              autoComplete="off"
              data-autofocus
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
          ) : null}
          <FailureNote error={remove.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Keep it
            </Button>
            <Button type="submit" color="red" loading={remove.isPending} disabled={hasToBeTyped && typed !== name}>
              Delete
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

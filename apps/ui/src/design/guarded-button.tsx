import { Button, type ButtonProps, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Allowance } from '../api/permissions.ts'

interface GuardedButtonProps extends ButtonProps {
  may: Allowance
  onClick?: () => void
  type?: 'button' | 'submit'
  children: ReactNode
}

/** A button that stays reachable where it may not be used, and says why. */
export function GuardedButton({ may, disabled, onClick, children, ...rest }: GuardedButtonProps) {
  if (may.isAllowed || may.reason === undefined) {
    return (
      <Button {...rest} disabled={disabled === true || !may.isAllowed} onClick={onClick}>
        {children}
      </Button>
    )
  }
  return (
    <Tooltip label={may.reason}>
      <Button {...rest} data-disabled aria-disabled="true" type="button" onClick={(event) => event.preventDefault()}>
        {children}
        <span className="s-visually-hidden">. {may.reason}</span>
      </Button>
    </Tooltip>
  )
}

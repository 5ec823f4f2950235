import { Button } from '@mantine/core'
import { type ReactNode, useState } from 'react'

const STEP = 100

/** Shows a long list a piece at a time: how many to show now, and the button for more (null where all are shown). */
export function useShownCount(total: number): { shown: number; more: ReactNode } {
  const [wanted, setWanted] = useState(STEP)
  const left = total - wanted
  return {
    shown: Math.min(wanted, total),
    more:
      left > 0 ? (
        <Button variant="default" onClick={() => setWanted(wanted + STEP)}>
          Show {Math.min(STEP, left)} more of {left.toLocaleString()}
        </Button>
      ) : null,
  }
}

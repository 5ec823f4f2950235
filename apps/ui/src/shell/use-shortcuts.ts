import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useDestinations } from './navigation.tsx'

/** After "g", the second key must come within this time. */
const SECOND_KEY_MS = 1_200

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input,textarea,select,[contenteditable="true"]') !== null
}

/** "g" and a letter go to a page, as in the palette's hints. */
export function useShortcuts(): void {
  const navigate = useNavigate()
  const { project, account } = useDestinations()
  useEffect(() => {
    let armedAt = 0
    const onKey = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      if (event.key === 'g') {
        armedAt = event.timeStamp
        return
      }
      if (armedAt === 0 || event.timeStamp - armedAt > SECOND_KEY_MS) return
      armedAt = 0
      const destination = [...project, ...account].find((item) => item.key === event.key)
      if (destination === undefined) return
      event.preventDefault()
      void navigate({ to: destination.to })
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate, project, account])
}

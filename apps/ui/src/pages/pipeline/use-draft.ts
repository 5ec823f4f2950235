import { useCallback, useEffect, useState } from 'react'

/**
 * Text that is being edited, kept in the tab's storage until it is saved: a reload or a closed session loses nothing.
 * @param saved what the server has; undefined while it is being read
 */
export function useDraft(key: string, saved: string | undefined) {
  const storageKey = `sluice-draft ${key}`
  const [draft, setDraft] = useState(() => read(storageKey))
  const text = draft ?? saved ?? ''
  const isChanged = draft !== undefined && draft !== saved
  const change = useCallback(
    (next: string) => {
      setDraft(next)
      write(storageKey, next)
    },
    [storageKey],
  )
  const clear = useCallback(() => {
    setDraft(undefined)
    write(storageKey, undefined)
  }, [storageKey])
  useEffect(() => {
    // Typed and typed back: nothing is left to save.
    if (draft !== undefined && draft === saved) clear()
  }, [draft, saved, clear])
  return { text, isChanged, change, clear }
}

function read(key: string): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

function write(key: string, value: string | undefined): void {
  try {
    if (value === undefined) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, value)
  } catch {
    // Storage is switched off or full: the page itself still holds the text.
    return
  }
}

import { useCallback, useEffect, useState } from 'react'

interface Draft {
  text: string
  /** Version of the saved text that this was made from: saving on top of a newer one has to be meant. */
  base: number
}

interface Saved {
  text: string
  version: number
}

/**
 * Text that is being edited, kept in the tab's storage until it is saved: a reload or a closed session loses nothing.
 * @param saved what the server has; undefined while it is being read
 */
export function useDraft(key: string, saved: Saved | undefined) {
  const storageKey = `sluice-draft ${key}`
  const [draft, setDraft] = useState(() => read(storageKey))
  const put = useCallback(
    (next: Draft | undefined) => {
      setDraft(next)
      write(storageKey, next)
    },
    [storageKey],
  )
  const savedText = saved?.text
  const savedVersion = saved?.version ?? 0
  useEffect(() => {
    // Typed and typed back: nothing is left to save.
    if (draft !== undefined && draft.text === savedText) put(undefined)
  }, [draft, savedText, put])
  return {
    text: draft?.text ?? savedText ?? '',
    isChanged: draft !== undefined && draft.text !== savedText,
    /** Version to save on top of. */
    base: draft?.base ?? savedVersion,
    change: (text: string) => put({ text, base: draft?.base ?? savedVersion }),
    /** Goes on from the version that somebody else saved in the meantime. */
    rebase: (version: number) => {
      const now = read(storageKey) ?? draft
      if (now !== undefined) put({ ...now, base: version })
    },
    /** `text` has been saved as `version`. What was typed while it was on its way stays to be saved. */
    settle: (text: string, version: number) => {
      const now = read(storageKey) ?? draft
      put(now === undefined || now.text === text ? undefined : { text: now.text, base: version })
    },
    clear: () => put(undefined),
  }
}

function read(key: string): Draft | undefined {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null')
    if (typeof stored !== 'object' || stored === null || !('text' in stored) || !('base' in stored)) return undefined
    return { text: String(stored.text), base: Number(stored.base) }
  } catch {
    // Storage is switched off, or holds something else.
    return undefined
  }
}

function write(key: string, draft: Draft | undefined): void {
  try {
    if (draft === undefined) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, JSON.stringify(draft))
  } catch {
    // Storage is switched off or full: the page itself still holds the text.
    return
  }
}

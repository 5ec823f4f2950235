const RELOADED_AT = 'sluice-reloaded-at'
/** A part that is missing after a reload, too, is told instead. */
const AGAIN_AFTER_MS = 20_000

/**
 * Parts of the app load when they are needed. One that can't be had belongs to a build that has been replaced, or the
 * network blinked: the page starts over, where drafts are kept.
 */
export function reloadForMissingParts(): void {
  window.addEventListener('vite:preloadError', () => {
    try {
      const last = Number(sessionStorage.getItem(RELOADED_AT) ?? 0)
      if (Date.now() - last < AGAIN_AFTER_MS) return
      sessionStorage.setItem(RELOADED_AT, String(Date.now()))
    } catch {
      // Without storage nobody could tell the second time from the first: the page says what is wrong.
      return
    }
    window.location.reload()
  })
}

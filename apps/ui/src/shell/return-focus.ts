/**
 * Gives the focus back when a dialog or drawer is gone: to what had it before. Our dialogs leave the page together with
 * what they show, so nobody inside of them can do that.
 */
export function returnFocusAfterDialogs(): void {
  const openers = new Map<Element, HTMLElement>()
  let last: HTMLElement | undefined
  const observer = new MutationObserver(() => {
    for (const [dialog, opener] of openers) {
      if (dialog.isConnected) continue
      openers.delete(dialog)
      // Whoever has moved on since stays where they are.
      if (document.activeElement === document.body && opener.isConnected) opener.focus({ preventScroll: true })
    }
    if (openers.size === 0) observer.disconnect()
  })
  document.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement)) return
    const dialog = target.closest('[role="dialog"]')
    if (dialog !== null && last !== undefined && !dialog.contains(last) && !openers.has(dialog)) {
      openers.set(dialog, last)
      observer.observe(document.body, { childList: true, subtree: true })
    }
    last = target
  })
}

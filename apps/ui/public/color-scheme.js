// Before anything is drawn: the scheme that was chosen, else the system's. Nothing flashes.
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem('sluice-color-scheme')
  } catch {
    // Storage is switched off: the system's scheme it is.
    chosen = null
  }
  const isDark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
})()

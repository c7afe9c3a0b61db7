// Runs before the first paint, as a file of its own: the console allows no inline script.
;(() => {
  let mode = 'auto'
  try {
    mode = localStorage.getItem('aic-color-mode') ?? 'auto'
  } catch {
    // A browser without storage follows the system.
  }
  const dark = mode === 'dark' || (mode !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.add(dark ? 'dark' : 'light')
})()

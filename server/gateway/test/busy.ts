export function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Keeps the process from its work, a third of a second at a time, until told to stop. */
export function occupy(): () => void {
  let timer = setTimeout(function again() {
    block(330)
    timer = setTimeout(again, 0)
  }, 0)
  return () => clearTimeout(timer)
}

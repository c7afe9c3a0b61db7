const EVERY_MS = 20
const SHARE = 0.1

/** How late this process comes to what it has to do. */
export type LoopDelay = {
  /** Milliseconds, smoothed over about a fifth of a second: one long task alone does not show, a queue of them does. */
  readonly ms: number
  start(): void
  stop(): void
}

export function createLoopDelay(): LoopDelay {
  let delayMs = 0
  let last = 0
  let timer: NodeJS.Timeout | undefined
  const measure = () => {
    const now = performance.now()
    delayMs += (Math.max(0, now - last - EVERY_MS) - delayMs) * SHARE
    last = now
  }
  return {
    get ms() {
      return delayMs
    },
    start() {
      last = performance.now()
      timer = setInterval(measure, EVERY_MS).unref()
    },
    stop: () => clearInterval(timer),
  }
}

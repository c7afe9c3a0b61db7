import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** A process that does nothing: how long it is held is what the machine does to everybody. */
export type Bystander = { readonly readHold: () => Promise<number>; readonly stop: () => void }

export function startBystander(): Bystander {
  const child: ChildProcess = fork(import.meta.filename)
  return {
    async readHold() {
      child.send('read')
      const [ms]: [number] = Object((await once(child, 'message')).slice(0, 1))
      return ms
    },
    stop: () => void child.kill(),
  }
}

if (import.meta.main) {
  // As the process that answers people, and read in the same way.
  setPriority(5)
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  process.on('message', () => {
    process.send?.(delay.max / 1e6)
    delay.reset()
  })
}

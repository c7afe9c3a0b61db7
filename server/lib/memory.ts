import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Gives back what starting up took: a heap twice as large as what lives in it. Call it once, before anybody is served:
 * it takes 0.1 s. How large the young generation may become is said where the process is started.
 */
export function settleMemory(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  if (typeof gc !== 'function') return
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  // Entries wait for the database long enough to grow old: their remains are looked for before the heap has doubled.
  setFlagsFromString('--heap-growing-percent=60')
  keepCode()
}

/**
 * Code that was compiled stays. V8 throws it away when nothing of the kind it was compiled for is alive, which in a
 * quiet minute is true of everything that a request is made of; and the next requests pay for compiling it again.
 */
function keepCode(): void {
  setFlagsFromString('--no-flush-bytecode')
  setFlagsFromString('--retain-maps-for-n-gc=1000000')
  // The collection of a quiet minute would not heed the line above. The price: some pages of the heap are not given back.
  setFlagsFromString('--no-memory-reducer-favors-memory')
  // Where objects of one place grow old depends on the load, and whatever was compiled with it goes when it changes.
  setFlagsFromString('--no-allocation-site-pretenuring')
}

/** Raised instead of waiting when too many wait already. */
export class SlotsTaken extends Error {}

/** Lets work of one kind run a few at a time. */
export type Slots = {
  /** Runs the work when a slot is free, first come first served; throws `SlotsTaken` when the queue is full. */
  run<Result>(work: () => Promise<Result>): Promise<Result>
}

/** At most `concurrent` at once, at most `waiting` in the queue. */
export function createSlots({ concurrent, waiting }: { concurrent: number; waiting: number }): Slots {
  const queue: (() => void)[] = []
  let running = 0

  async function enter(): Promise<void> {
    if (running < concurrent) {
      running++
      return
    }
    if (queue.length >= waiting) throw new SlotsTaken()
    await new Promise<void>((resolve) => queue.push(resolve))
  }

  /** Hands the slot to the next in the queue, so that nobody who came later can take it in between. */
  function leave(): void {
    const next = queue.shift()
    if (next) next()
    else running--
  }

  return {
    async run(work) {
      await enter()
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}

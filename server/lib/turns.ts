import { setImmediate as turn } from 'node:timers/promises'

const AT_ONCE = 50

/** The same one after the other, with turns of the event loop in between: a long list holds up nobody else. */
export async function* inTurns<Item>(items: Iterable<Item>): AsyncGenerator<Item, undefined> {
  let count = 0
  for (const item of items) {
    if (++count % AT_ONCE === 0) await turn()
    yield item
  }
}

import { setPriority } from 'node:os'
import type pg from 'pg'

// Enough that a core which both want is the gateway's for three quarters of the time; the rest is enough for a page.
const BEHIND = 5

/** Where this process and the gateway's want the same core, a request of a program comes before a page for a person. */
export const comeSecond = (): void => setPriority(BEHIND)

/** The same for the processes of an embedded PostgreSQL that work for these pools: they are on this machine as well. */
export function letComeSecond(pools: readonly pg.Pool[]): void {
  for (const pool of pools) {
    pool.on('connect', (client) => {
      const pid: unknown = Reflect.get(client, 'processID')
      try {
        if (typeof pid === 'number') setPriority(pid, BEHIND)
      } catch {
        // Gone again, or somebody else's: then it is as quick as the others.
      }
    })
  }
}

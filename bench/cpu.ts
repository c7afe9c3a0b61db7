import { readFileSync } from 'node:fs'

/** Clock ticks of a process: its own, user and system, and those of children that ended and were waited for. */
function ticksOf(pid: number): readonly [own: number, ended: number] {
  try {
    // The name in brackets may hold blanks: the fields are counted after it. utime is field 14, cstime field 17.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number)
    return [user + system, endedUser + endedSystem]
  } catch {
    return [0, 0]
  }
}

/** CPU seconds of one process, user and system, all its threads; 0 when it is gone. */
export const cpuSeconds = (pid: number): number => ticksOf(pid)[0] / 100

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** The same for a process and everything below it, alive or ended. */
export function cpuSecondsOfTree(pid: number): number {
  const [own, ended] = ticksOf(pid)
  return (own + ended) / 100 + childrenOf(pid).reduce((sum, child) => sum + cpuSecondsOfTree(child), 0)
}

function residentMiB(pid: number): number {
  try {
    const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    return Number(line?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/** Resident memory in MiB of the largest among a process and everything below it: the one that does the work. */
function largestResidentMiB(pid: number): number {
  return Math.max(residentMiB(pid), ...childrenOf(pid).map(largestResidentMiB))
}

const SAMPLE_MS = 250

/** Watches it from now on; the answer stops and says the most there was. */
export function watchMemory(pid: number): () => number {
  let most = largestResidentMiB(pid)
  const timer = setInterval(() => {
    most = Math.max(most, largestResidentMiB(pid))
  }, SAMPLE_MS)
  return () => {
    clearInterval(timer)
    return most
  }
}

import { readFileSync } from 'node:fs'

/** CPU seconds of one process, user and system, all its threads; 0 when it is gone. */
export function cpuSeconds(pid: number): number {
  try {
    // The name in brackets may hold blanks: the fields are counted after it. utime and stime are fields 14 and 15.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** The same for a process and everything below it that is still alive. */
export function cpuSecondsOfTree(pid: number): number {
  return cpuSeconds(pid) + childrenOf(pid).reduce((sum, child) => sum + cpuSecondsOfTree(child), 0)
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
export function largestResidentMiB(pid: number): number {
  return Math.max(residentMiB(pid), ...childrenOf(pid).map(largestResidentMiB))
}

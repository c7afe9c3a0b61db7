// It runs `ps`, by its constant path, without a shell and without our environment, where there is no /proc; the one thing
// that varies is a process number that was read as an integer.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT, StartFailure } from '../exit.ts'
import type { Place } from './place.ts'

const STEP_MS = 20
const FAST_SHUTDOWN_MS = 20_000
const IMMEDIATE_SHUTDOWN_MS = 10_000

/**
 * Makes the cluster free to start: stops a PostgreSQL that outlived its parent, removes lock files that nobody holds.
 * The caller owns the data directory, so no living node uses that PostgreSQL. Throws (exit code 73) rather than take
 * lock files from a process that still has the cluster open.
 */
export async function clearLeftover({ cluster, socketDir }: Place): Promise<void> {
  const pid = readPid(join(cluster, 'postmaster.pid'))
  if (pid !== null && isServing(pid, cluster)) {
    await stopProcess(pid, 'SIGINT', FAST_SHUTDOWN_MS, () => !isServing(pid, cluster))
    await stopProcess(pid, 'SIGQUIT', IMMEDIATE_SHUTDOWN_MS, () => !isServing(pid, cluster))
  }
  // The backends of a killed postmaster end by themselves as soon as they notice.
  await waitUntil(() => holders(cluster).length === 0, IMMEDIATE_SHUTDOWN_MS)
  const stillThere = holders(cluster)
  if (stillThere.length > 0 || (pid !== null && isServing(pid, cluster))) {
    throw new StartFailure(EXIT.dataDirectoryInUse, `Another process (${stillThere.join(', ')}) uses ${cluster}`)
  }
  // PostgreSQL itself trusts the process number in these files, which may be a zombie's or somebody else's by now.
  rmSync(join(cluster, 'postmaster.pid'), { force: true })
  rmSync(join(socketDir, '.s.PGSQL.5432.lock'), { force: true })
  rmSync(join(socketDir, '.s.PGSQL.5432'), { force: true })
}

/** The process number in PostgreSQL's lock file, or null. */
export function readPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8').split('\n')[0])
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null
  } catch {
    return null
  }
}

/** True when that process is a living PostgreSQL on this cluster; a zombie or a reused number is not. */
export function isServing(pid: number, cluster: string): boolean {
  try {
    if (!existsSync('/proc/self/stat')) return psLine(pid).includes(cluster)
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0)
    return state !== 'Z' && state !== 'X' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(cluster)
  } catch {
    return false
  }
}

function psLine(pid: number): string {
  const args = ['-o', 'state=,command=', '-p', String(pid)]
  const line = execFileSync('/bin/ps', args, { encoding: 'utf8', env: {} }).trim()
  return line.startsWith('Z') ? '' : line
}

// Every PostgreSQL process has the cluster as its working directory.
function holders(cluster: string): readonly number[] {
  if (!existsSync('/proc/self/cwd')) return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => workingDirectory(pid) === cluster).map(Number)
}

function workingDirectory(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null
  }
}

async function stopProcess(pid: number, signal: NodeJS.Signals, ms: number, stopped: () => boolean): Promise<void> {
  if (stopped()) return
  try {
    process.kill(pid, signal)
  } catch {
    return
  }
  await waitUntil(stopped, ms)
}

async function waitUntil(done: () => boolean, ms: number): Promise<void> {
  for (let waited = 0; waited < ms && !done(); waited += STEP_MS) await sleep(STEP_MS)
}

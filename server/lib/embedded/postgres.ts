// PostgreSQL is a child by design. Its programs are files of a pinned package, the one script is a constant, settings are
// an array of arguments, and the environment is made anew: no text of anybody's is read as a command.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Logger } from '../log.ts'
import { isServing, readPid } from './leftover.ts'
import { makePrivateDir, type Place } from './place.ts'

/** A running PostgreSQL. */
export type Running = {
  /** Resolves with what it said last, when it has ended, for whatever reason. */
  readonly ended: Promise<string>
  /** Rolls open transactions back, writes a checkpoint and ends. */
  stop(): Promise<void>
}

export type Settings = Readonly<Record<string, string>>

// For a machine that does other work as well: modest memory, few processes.
const SETTINGS: Settings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '60',
  shared_buffers: '64MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '512MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  io_method: 'sync',
  // A second process for one query would take the core that serves requests meanwhile.
  max_parallel_workers_per_gather: '0',
  huge_pages: 'off',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // An error of a statement is its caller's business and is told to it; here are only starts, crashes and ends.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  // Without a collector process: that one outlives its postmaster for a moment and stays a zombie below a careless init.
  logging_collector: 'off',
  log_line_prefix: '',
}

// A killed Node cannot tell its child. The shell holds a pipe to it instead: when that closes, for whatever reason,
// PostgreSQL is told to shut down fast. 3 is the pipe; PostgreSQL itself must not inherit it.
const GUARD = `"$@" 3<&- & p=$!
(read -r _ <&3; kill -INT $p) 2>/dev/null & g=$!
wait $p; c=$?
kill $g 2>/dev/null
exit $c`

const READY_MS = 300_000
const STEP_MS = 10
const KEPT_OUTPUT = 4_096

/** Creates the cluster unless it is there. An interrupted earlier try leaves nothing that counts as one. */
export async function initCluster(place: Place, binaries: string, sync: boolean): Promise<void> {
  if (existsSync(join(place.cluster, 'PG_VERSION'))) return
  const draft = `${place.cluster}.new`
  rmSync(draft, { recursive: true, force: true })
  makePrivateDir(draft, place.user)
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const options = ['-D', draft, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-instructions', ...locale]
  await promisify(execFile)(join(binaries, 'bin/initdb'), sync ? options : [...options, '--no-sync'], {
    ...place.user,
    cwd: '/',
    env: environment(),
  })
  renameSync(draft, place.cluster)
}

/** Starts PostgreSQL and resolves once it takes connections; recovery after a crash is waited for. */
export async function startPostgres(
  place: Place,
  binaries: string,
  { extra, log }: { readonly extra: Settings; readonly log: Logger },
): Promise<Running> {
  // The script is a constant and everything else a positional argument of it: no text is read as shell.
  const child = spawn('/bin/sh', ['-c', GUARD, 'sh', join(binaries, 'bin/postgres'), ...argumentsFor(place, extra)], {
    ...place.user,
    cwd: '/',
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // Its own session: a Ctrl-C in the terminal is for Node, which drains first and stops PostgreSQL last.
    detached: true,
  })
  const ended = watch(child, log)
  const running = { ended, stop: () => stop(child, ended, place) }
  try {
    await waitUntilReady(child, place.cluster, ended)
  } catch (error) {
    await running.stop()
    throw error
  }
  return running
}

function argumentsFor({ cluster, socketDir }: Place, extra: Settings): readonly string[] {
  const settings = Object.entries({ ...SETTINGS, ...extra, unix_socket_directories: socketDir })
  return ['-D', cluster, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

// Nothing of this process's environment is PostgreSQL's business; PG* variables would even change what it does.
function environment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}

function watch(child: ChildProcess, log: Logger): Promise<string> {
  let output = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT)
    log.debug({ text: text.trim() }, 'embedded database')
  })
  // The other end of the pipe goes away with the shell; that is reported by 'exit' already.
  child.stdio[3]?.on('error', () => undefined)
  child.stderr?.on('error', () => undefined)
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', () => resolve(output.trim()))
  })
}

async function waitUntilReady(child: ChildProcess, cluster: string, ended: Promise<string>): Promise<void> {
  for (let waited = 0; waited < READY_MS; waited += STEP_MS) {
    if (isReady(cluster)) return
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) break
    await sleep(STEP_MS)
  }
  child.kill('SIGTERM')
  throw new Error(`The embedded PostgreSQL did not start: ${await ended}`)
}

// The eighth line of its lock file says so; the file of an earlier run was removed before this one began.
function isReady(cluster: string): boolean {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

const FAST_MS = 20_000

async function stop(child: ChildProcess, ended: Promise<string>, { cluster }: Place): Promise<void> {
  child.stdio[3]?.destroy()
  const timer = setTimeout(() => {
    const pid = readPid(join(cluster, 'postmaster.pid'))
    if (pid !== null && isServing(pid, cluster)) process.kill(pid, 'SIGQUIT')
  }, FAST_MS)
  await ended
  clearTimeout(timer)
}

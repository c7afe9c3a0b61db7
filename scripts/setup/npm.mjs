// npm starts us through a shell that does not hand signals on: a stopped npm would leave the server running.
import { readFileSync } from 'node:fs'

const LOOK_EVERY_MS = 500

/** Calls `ended` once npm, or the shell it started us with, is gone. Does nothing when npm did not start us. */
export function whenNpmEnds(ended) {
  if (process.env.npm_lifecycle_event === undefined) return
  const shell = process.ppid
  const npm = [shell, parentOf(shell)].find((pid) => pid !== null && commandOf(pid).includes('npm')) ?? shell
  const timer = setInterval(() => {
    if (process.ppid === shell && isAlive(npm)) return
    clearInterval(timer)
    ended()
  }, LOOK_EVERY_MS)
  timer.unref()
}

function parentOf(pid) {
  const stat = read(`/proc/${pid}/stat`)
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  return parent > 1 ? parent : null
}

const commandOf = (pid) => read(`/proc/${pid}/cmdline`).split('\0').slice(0, 2).join(' ')

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

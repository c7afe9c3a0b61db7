import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import SERVER_ENV from '../../scripts/setup/server-env.json' with { type: 'json' }

/** The real product, running as a child process with a data directory of its own. */
export type Product = {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  readonly port: number
  readonly setupToken: string
  readonly dataDir: string
  /** Everything the process wrote on stdout and stderr since the first start, newest 4 MB. */
  readonly output: () => string
  /** Process id of the running process; undefined when none runs. */
  readonly pid: () => number | undefined
  /** Process id of the process beside it that answers people; undefined when none runs. */
  readonly controlPid: () => number | undefined
  /** Sends the signal and resolves with the exit code, null after a signal. */
  readonly kill: (signal: NodeJS.Signals) => Promise<number | null>
  /** Starts again on the same port and data; resolves when ready, with the milliseconds it took. */
  readonly start: () => Promise<number>
  /** SIGTERM, then removes the data directory. */
  readonly stop: () => Promise<void>
}

export type ProductOptions = { readonly env?: Readonly<Record<string, string>>; readonly prefix?: readonly string[] }

const serverMain = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const readyWithinMs = 60_000
const keptOutput = 4 * 1024 * 1024

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  return address.port
}

// The embedded PostgreSQL runs under another uid when we are root: every folder above its data must let it through.
async function makeDataDir(): Promise<{ readonly root: string; readonly dataDir: string }> {
  const root = await mkdtemp(join(tmpdir(), 'aic-e2e-'))
  await chmod(root, 0o755)
  const dataDir = join(root, 'data')
  await mkdir(dataDir, { mode: 0o755 })
  return { root, dataDir }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<number> {
  const begun = performance.now()
  while (performance.now() - begun < readyWithinMs) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the product ended at once, with ${child.exitCode ?? child.signalCode}:\n${output()}`)
    if (await isReady(url)) return performance.now() - begun
    await wait(20)
  }
  throw new Error(`the product was not ready within ${readyWithinMs} ms:\n${output()}`)
}

function findControl(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean)
  const found = children.find((child) => readFileSync(`/proc/${child}/cmdline`, 'latin1').includes('control/main.ts'))
  return found === undefined ? undefined : Number(found)
}

type Run = { child: ChildProcess | null; text: string }

function launch(run: Run, env: Readonly<Record<string, string>>, prefix: readonly string[]): ChildProcess {
  const [command = process.execPath, ...rest] = [...prefix, process.execPath, serverMain]
  const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const keep = (bytes: Buffer): void => {
    run.text = (run.text + bytes.toString('utf8')).slice(-keptOutput)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  run.child = child
  return child
}

async function end(run: Run, signal: NodeJS.Signals): Promise<number | null> {
  const child = run.child
  if (child === null) return null
  run.child = null
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  child.kill(signal)
  return ended
}

/** Starts the product and resolves once `/readyz` answers 200. Throws with its output when it does not. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const { root, dataDir } = await makeDataDir()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const setupToken = `setup-${crypto.randomUUID()}`
  const env = {
    ...SERVER_ENV,
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? root,
    AIC_DATA_DIR: dataDir,
    AIC_PORT: String(port),
    AIC_LOOPBACK_UPSTREAMS: '1',
    // `AIC_FAST_PATH=0` before the command runs every suite against node:http and undici.
    AIC_FAST_PATH: process.env['AIC_FAST_PATH'] ?? '1',
    AIC_SETUP_TOKEN: setupToken,
    ...options.env,
  }
  const run: Run = { child: null, text: '' }
  const output = () => run.text
  const start = () => untilReady(url, launch(run, env, options.prefix ?? []), output)
  const kill = (signal: NodeJS.Signals) => end(run, signal)
  const stop = async (): Promise<void> => {
    await kill('SIGTERM')
    await rm(root, { recursive: true, force: true })
  }
  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    port,
    setupToken,
    dataDir,
    output,
    pid: () => run.child?.pid,
    controlPid: () => findControl(run.child?.pid),
    kill,
    start,
    stop,
  }
}

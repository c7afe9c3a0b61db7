import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startProduct } from '../e2e/product/process.ts'
import { setUp } from '../e2e/product/world.ts'
import SERVER_ENV from '../scripts/setup/server-env.json' with { type: 'json' }

/** Something that takes the load: the mock itself, or a proxy in front of it. */
export type Target = {
  readonly name: string
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The process whose CPU time counts, with its children; null for the direct call. */
  readonly pid: number | null
  readonly stop: () => Promise<void>
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const severalCores = availableParallelism() > 1

/** The process under test has core 0 to itself; the mock and the load generator share the next one. Null: any core. */
const pinned = (core: number | null): readonly string[] =>
  severalCores && core !== null ? ['taskset', '-c', String(core)] : []

const running = new Set<ChildProcess>()

// A benchmark that fails half-way must not leave a mock or an nginx behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM')
})

export function spawnPinned(
  core: number | null,
  command: readonly string[],
  options: { quiet?: boolean } = {},
): ChildProcess {
  const [program = '', ...args] = [...pinned(core), ...command]
  const other = options.quiet ? 'ignore' : 'inherit'
  const child = spawn(program, args, { stdio: ['ignore', options.quiet ? 'ignore' : 'pipe', other] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answered = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) }).then(
      () => true,
      (error: Error) => !/ECONNREFUSED/.test(String(error.cause)),
    )
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on port ${port}`)
}

/** The mock provider, asked without anything between. */
export async function startDirect(core: number | null = 1): Promise<Target> {
  const child = spawnPinned(core, [process.execPath, here('upstream.ts')])
  const [line] = await once(child.stdout ?? child, 'data')
  const stop = () => stopChild(child)
  return { name: 'direct', port: Number(String(line)), path: '/v1/chat/completions', headers: {}, pid: null, stop }
}

const nginxConfig = (port: number, upstream: number, folder: string): string => `
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000; client_body_buffer_size 256k; client_max_body_size 10m;
  upstream provider { server 127.0.0.1:${upstream}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer sk-bench";
      proxy_buffering off;
    }
  }
}
`

/** nginx with one worker, kept connections to the provider and no buffering; null when it is not installed. */
export async function startNginx(upstream: number): Promise<Target | null> {
  const program = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'].find(
    existsSync,
  )
  if (program === undefined) return null
  const folder = await mkdtemp(join(tmpdir(), 'aic-bench-nginx-'))
  const port = await freePort()
  await writeFile(join(folder, 'nginx.conf'), nginxConfig(port, upstream, folder))
  const child = spawnPinned(0, [program, '-p', folder, '-c', join(folder, 'nginx.conf')])
  await untilListening(port)
  const stop = async (): Promise<void> => {
    await stopChild(child)
    await rm(folder, { recursive: true, force: true })
  }
  return { name: 'nginx', port, path: '/v1/chat/completions', headers: {}, pid: child.pid ?? null, stop }
}

/** The product, set up through its own interface, with every check and the journal on. */
export const startOurs = (upstream: number): Promise<Target> => startProductAs('ours', upstream)

/** The same, without journal, usage entries, rules and limits. */
export const startBare = (upstream: number): Promise<Target> =>
  startProductAs('bare', upstream, `--import=${here('bare.ts')}`)

/** The product, which lets itself be profiled at this port. */
export const startProfiled = (upstream: number, inspectorPort: number): Promise<Target> =>
  startProductAs('ours', upstream, `--inspect=127.0.0.1:${inspectorPort}`)

async function startProductAs(name: string, upstream: number, option = ''): Promise<Target> {
  const NODE_OPTIONS = `${SERVER_ENV.NODE_OPTIONS} ${option}`
  const product = await startProduct({ prefix: pinned(0), env: { AIC_LOG_LEVEL: 'warn', NODE_OPTIONS } })
  const admin = await setUp(product)
  const provider = await admin.provider(
    { url: `http://127.0.0.1:${upstream}` },
    { enabledModels: ['bench'], maxConcurrency: null },
  )
  const key = await admin.key(provider)
  return {
    name,
    port: product.port,
    path: '/work/chat/completions',
    headers: { authorization: `Bearer ${key.secret}` },
    pid: product.pid() ?? null,
    stop: product.stop,
  }
}

/** Portkey's gateway, when its package lies in `bench/node_modules` or in the folder BENCH_PORTKEY names. */
export async function startPortkey(upstream: number): Promise<Target | null> {
  const folder = process.env['BENCH_PORTKEY'] ?? here('node_modules/@portkey-ai/gateway')
  const entry = join(folder, 'build/start-server.js')
  if (!existsSync(entry)) return null
  const port = await freePort()
  const child = spawnPinned(0, [process.execPath, entry, `--port=${port}`, '--headless'], { quiet: true })
  await untilListening(port)
  const headers = {
    authorization: 'Bearer sk-bench',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstream}/v1`,
  }
  return {
    name: 'Portkey',
    port,
    path: '/v1/chat/completions',
    headers,
    pid: child.pid ?? null,
    stop: () => stopChild(child),
  }
}

// `pnpm dev`: the server on 9090 and the console on 5173, both reloading, with the fake provider on 9191 behind them.
import { prepare } from './setup/prepare.mjs'
import { become, say } from './setup/tools.mjs'

try {
  const { node, pnpm, env } = prepare()
  const development = { AIC_LOOPBACK_UPSTREAMS: '1', AIC_DATA_DIR: './data', AIC_LOG_LEVEL: 'debug', ...env }
  const children = [
    become(node, ['--watch', '--watch-preserve-output', 'server/main.ts'], { env: development }),
    become(node, ['--watch', 'e2e/fake-provider.ts', '--port', '9191'], { env }),
    become(pnpm, ['--dir', 'console', 'exec', 'vite'], { env, stdio: 'inherit' }),
  ]
  // `become` ends this process with the first of them; the others must not stay behind.
  process.on('exit', () => {
    for (const child of children) child.kill('SIGTERM')
  })
} catch (error) {
  say(error.message)
  process.exitCode = 1
}

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Product, startProduct } from '../e2e/product/process.ts'
import { setUp } from '../e2e/product/world.ts'
import { openDb } from '../server/lib/db.ts'
import { createLog } from '../server/lib/log.ts'
import { spreadOf } from './rounds.ts'
import { startDirect } from './targets.ts'

/**
 * What rules that cannot match add to a request: the product with one rule, and the same with `--rules` more, are asked
 * in turns, `--requests` one after another each time, in `--rounds`. The figures are of `x-aic-overhead-us`, in µs.
 */
const options = {
  rules: { type: 'string', default: '10000' },
  rounds: { type: 'string', default: '15' },
  requests: { type: 'string', default: '200' },
} as const
const { values } = parseArgs({ options })

// Every way to miss: the whole name, its beginning, its end, its middle, and somebody else's role.
const MISSES = `
  INSERT INTO rules (id, name, effect, model_pattern, role)
  SELECT gen_random_uuid(), 'Misses ' || n, (ARRAY['ALLOW', 'DENY'])[1 + n % 2]::"RuleEffect",
    replace((ARRAY['model-#', 'family-#-.*', '.*-tuned-#', '.*part-#.*', 'gpt.*'])[1 + n % 5], '#', n::text),
    CASE WHEN n % 5 = 4 THEN 'AUDITOR'::"Role" END
  FROM generate_series(1, $1::int) n`

type Target = { readonly product: Product; ask(model: string): Promise<number> }

async function start(upstream: number, misses: number): Promise<Target> {
  const product = await startProduct({ env: { AIC_LOG_LEVEL: 'warn' } })
  const admin = await setUp(product)
  await admin.api.mutate('createRule', { name: 'Everybody', effect: 'ALLOW', modelPattern: 'gpt.*' }, 'rule { id }')
  const provider = await admin.provider({ url: `http://127.0.0.1:${upstream}` }, { enabledModels: ['*'] })
  // Rules say nothing of administrators.
  const key = await (await admin.user('caller')).key(provider)
  const db = openDb(
    {
      connectionString: `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(join(product.dataDir, 'run'))}`,
    },
    createLog('warn'),
  )
  await db.pool.query(MISSES, [misses])
  await db.close()
  await product.kill('SIGTERM')
  await product.start()
  return {
    product,
    async ask(model) {
      const answer = await key.post({ model, messages: [] }, '/chat/completions')
      await answer.arrayBuffer()
      if (answer.status !== 200) throw new Error(`the answer was ${answer.status}`)
      return Number(answer.headers.get('x-aic-overhead-us'))
    },
  }
}

let asked = 0
const MODELS = {
  'the same model each time': () => 'gpt-bench',
  'a new model each time': () => `gpt-bench-${++asked}`,
} as const

async function measure({ ask }: Target, model: () => string): Promise<number> {
  const took: number[] = []
  while (took.length < Number(values.requests)) took.push(await ask(model()))
  return spreadOf(took).median
}

async function compare(few: Target, many: Target, model: () => string): Promise<string> {
  const rounds: { few: number; many: number }[] = []
  for (let round = 0; round <= Number(values.rounds); round++) {
    rounds.push({ few: await measure(few, model), many: await measure(many, model) })
  }
  const show = (of: (round: (typeof rounds)[number]) => number) => {
    // The first round is for the compiler.
    const { median, low, high } = spreadOf(rounds.slice(1).map(of))
    return `${median.toFixed(0)} (${low.toFixed(0)} to ${high.toFixed(0)})`
  }
  return `1 rule ${show((one) => one.few)}, with ${values.rules} more ${show((one) => one.many)}, added ${show((one) => one.many - one.few)}`
}

const direct = await startDirect()
const targets: Target[] = []
try {
  for (const misses of [0, Number(values.rules)]) targets.push(await start(direct.port, misses))
  const [few, many] = targets
  if (few && many) {
    for (const [name, model] of Object.entries(MODELS))
      process.stdout.write(`p50 in µs, ${name}: ${await compare(few, many, model)}\n`)
  }
} finally {
  for (const { product } of targets) await product.stop()
  await direct.stop()
}

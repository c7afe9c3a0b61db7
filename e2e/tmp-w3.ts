import OpenAI from 'openai'
import { openWorld } from './product.ts'
const ask = (fake: string) => ({ model: 'fake-gpt', messages: [{ role: 'user' as const, content: 'a' }], metadata: { fake } })
const cases: Record<string, (c: OpenAI) => Promise<unknown>> = {
  plain: (c) => c.chat.completions.create(ask('')),
  stream: async (c) => { for await (const _ of await c.chat.completions.create({ ...ask(''), stream: true })); },
  s429: (c) => c.chat.completions.create(ask('status=429')),
  s401: (c) => c.chat.completions.create(ask('status=401')),
  abort: async (c) => { const a = new AbortController(); let n = 0; for await (const _ of await c.chat.completions.create({ ...ask('endless delay=2'), stream: true }, { signal: a.signal })) if (++n === 10) a.abort() },
  timeout: (c) => new OpenAI({ baseURL: c.baseURL, apiKey: c.apiKey, timeout: 300, maxRetries: 0 }).chat.completions.create(ask('stall=headers')),
}
const names = process.argv[2] ? process.argv[2].split(',') : Object.keys(cases)
for (const name of names) {
  const w = await openWorld()
  const c = new OpenAI({ baseURL: `${w.product.url}/work`, apiKey: w.key.secret, maxRetries: 0 })
  await cases[name]?.(c).catch((e: Error) => console.log(name, e.message))
  const t = Date.now()
  console.log(name, await w.product.kill('SIGTERM'), Date.now() - t)
  await w.close()
}

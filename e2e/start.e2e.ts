import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { startProduct } from './product/process.ts'

const other = createServer().listen(0, '127.0.0.1')
await once(other, 'listening')
afterAll(() => other.close())
const { port }: { port: number } = Object(other.address())

test.each(['AIC_PORT', 'AIC_METRICS_PORT'])('a start whose %s is taken ends with 64 and says so', async (name) => {
  const started = startProduct({ env: { [name]: String(port) } })
  await expect(started).rejects.toThrow(new RegExp(`with 64:[^]*Cannot listen on 127.0.0.1, port ${port}`))
})

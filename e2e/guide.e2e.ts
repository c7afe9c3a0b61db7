import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guideBody, guideJavaScript, guidePython } from './guide.ts'
import { exchange } from './product/wire.ts'
import { openWorld, type World } from './product.ts'

let world: World
let folder: string

beforeAll(async () => {
  world = await openWorld()
  folder = await mkdtemp(join(tmpdir(), 'aic-guide-'))
})
afterAll(async () => {
  await world.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => world.fake.ledger.clear())

/** The guide's text with the two things a reader replaces: the address and the key. */
function filledIn(text: string): string {
  return text
    .replaceAll('https://your-aic-server:9090/work', `${world.product.url}/work`)
    .replaceAll('your-aic-server:9090', `127.0.0.1:${world.product.port}`)
    .replaceAll('YOUR_AIC_API_KEY', world.key.secret)
}

type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

function run(command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString('utf8')
    })
    child.stderr.on('data', (bytes: Buffer) => {
      err += bytes.toString('utf8')
    })
    child.once('error', (error) => resolve({ code: null, out, err: error.message }))
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

describe('the programs of the user guide', () => {
  test('its curl request answers, sent as it stands there', async () => {
    const body = filledIn(guideBody)
    const length = `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n`
    const head = filledIn(
      'POST /work HTTP/1.1\r\nHost: your-aic-server:9090\r\nAuthorization: Bearer YOUR_AIC_API_KEY\r\nContent-Type: application/json\r\n',
    )
    const answer = await exchange(world.product.port, `${head}${length}\r\n${body}`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toContain('"model":"gpt-4"')
    expect(world.fake.ledger.entries()[0]).toMatchObject({ path: '/v1/chat/completions', bodyHead: body })
  })

  test('the same with curl itself', async () => {
    const headers = ['Authorization: Bearer YOUR_AIC_API_KEY', 'Content-Type: application/json']
    const args = ['-sS', '--noproxy', '*', '-X', 'POST', `${world.product.url}/work`, '--data-binary', guideBody]
    const ran = await run('curl', [...args, ...headers.flatMap((line) => ['-H', filledIn(line)])])
    // Machines without curl still ran the request above, byte for byte.
    if (ran.code === null) return
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(ran.out)).toMatchObject({ object: 'chat.completion', model: 'gpt-4' })
  })

  test('its Python program prints the answer', async () => {
    const file = join(folder, 'guide.py')
    await writeFile(file, filledIn(guidePython))
    const ran = await run('env', ['NO_PROXY=*', 'python3', file])
    if (ran.code !== 0 && /No module named 'requests'|python3: not found|No such file/.test(ran.err)) {
      const answer = await exchange(world.product.port, whatRequestsSends())
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
      expect(answer).toContain('word0 word1')
      return
    }
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain("'role': 'assistant', 'content': 'word0 word1")
  })

  test('its JavaScript program returns the answer', async () => {
    const file = join(folder, 'guide.mjs')
    await writeFile(
      file,
      `${filledIn(guideJavaScript)}\nprocess.stdout.write(JSON.stringify(await queryAIC('Hello, world!')))\n`,
    )
    const ran = await run(process.execPath, [file])
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(ran.out)).toMatchObject({ choices: [{ message: { role: 'assistant' } }] })
    expect(world.fake.ledger.entries()[0]?.bodyHead).toBe(
      '{"model":"gpt-4","messages":[{"role":"user","content":"Hello, world!"}]}',
    )
  })
})

/** The bytes of requests 2.32 for the guide's program, with the connection closed at the end. */
function whatRequestsSends(): string {
  const body = '{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello, world!"}]}'
  const lines = [
    'POST /work HTTP/1.1',
    `Host: 127.0.0.1:${world.product.port}`,
    'User-Agent: python-requests/2.32.3',
    'Accept-Encoding: gzip, deflate',
    'Accept: */*',
    'Connection: close',
    `Authorization: Bearer ${world.key.secret}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Received = { readonly req: IncomingMessage; readonly body: string }

/** An upstream whose answer the test sets. */
export type Provider = {
  readonly server: Server
  readonly port: number
  readonly url: string
  readonly received: Received[]
  answer: (req: IncomingMessage, res: ServerResponse, body: string) => void
}

export const CREDENTIAL = 'sk-provider-credential-0001'

export async function listen(handler: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port }: AddressInfo = Object(server.address())
  return { server, port }
}

export const plainAnswer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4-0613',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21, prompt_tokens_details: { cached_tokens: 4 } },
}

export function sendJson(
  res: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  const body = JSON.stringify(value)
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers })
  res.end(body)
}

export async function startProvider(): Promise<Provider> {
  const received: Received[] = []
  const { server, port } = await listen((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      received.push({ req, body })
      provider.answer(req, res, body)
    })
  })
  const provider: Provider = {
    server,
    port,
    url: `http://127.0.0.1:${port}/v1`,
    received,
    answer: (_req, res) => sendJson(res, 200, plainAnswer),
  }
  return provider
}

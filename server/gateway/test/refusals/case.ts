import { fetch } from 'undici'
import type { RefusalCause } from '../../../usage/usage-entry.ts'
import type { RefusalCode } from '../../refusal.ts'
import { type RawAnswer, sendRaw } from '../raw.ts'
import type { TestKey, World } from '../world.ts'

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: string }

/** One cause of a refusal, and what the caller and the log are told. */
export type Case = {
  readonly cause: string
  ask(): Promise<Answer>
  /** The message. */
  readonly says: RegExp
  readonly param?: string | null
  /** Besides those that every refusal of its status has. */
  readonly headers?: Readonly<Record<string, RegExp>>
  /** What the usage entry links to; left out: nothing. */
  by?(): readonly [type: RefusalCause, id: string | null]
  /** How the usage entry ended; null: nobody is known whose entry it could be. Left out: `REFUSED`. */
  readonly end?: 'UPSTREAM_FAILED' | 'INTERRUPTED' | null
}

export type Cases = Readonly<Partial<Record<RefusalCode, readonly Case[]>>>

export type Sending = {
  readonly key?: TestKey
  readonly path?: string
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

export const CHAT = JSON.stringify({ model: 'gpt-4', messages: [] })

const readAnswer = async (res: Awaited<ReturnType<typeof fetch>>): Promise<Answer> => ({
  status: res.status,
  headers: new Headers([...res.headers]),
  body: await res.text(),
})

/** Sends a request with the key of the world, unless it says otherwise. */
export const sender =
  (world: World) =>
  async ({ key = world.key, path = '', method = 'POST', body = CHAT, headers = {} }: Sending = {}) =>
    readAnswer(
      await fetch(world.url + path, {
        method,
        redirect: 'manual',
        headers: { authorization: `Bearer ${key.text}`, 'content-type': 'application/json', ...headers },
        ...(method === 'GET' ? {} : { body }),
      }),
    )

/** Without a credential but those given. */
export const strange = async (url: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
  readAnswer(
    await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: CHAT }),
  )

/** Sends bytes as they are; the answer must end the connection. */
export const raw = async (port: number, text: string): Promise<Answer> => toAnswer(await sendRaw(port, text))

export function toAnswer({ status, text: all, body }: RawAnswer): Answer {
  const lines = all.slice(0, all.indexOf('\r\n\r\n')).split('\r\n').slice(1)
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  return { status, headers: new Headers(headers), body: unchunked(body) }
}

const unchunked = (body: string) => (body.startsWith('{') ? body : body.replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/gi, ''))

export const next = { increment: 1 } as const

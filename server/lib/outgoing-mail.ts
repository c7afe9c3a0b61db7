import { createTransport } from 'nodemailer'
import type { Outgoing } from './outgoing.ts'

/** How mail leaves this installation. */
export type MailServer = {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; otherwise STARTTLS, which the server must offer unless it is on this machine. */
  readonly tls: boolean
  readonly username: string | null
  readonly password: string | null
  readonly from: string
}

export type Mail = { readonly to: string; readonly subject: string; readonly text: string; readonly messageId?: string }

const TIMEOUT_MS = 15_000

const isHere = (host: string) => host === 'localhost' || host === '127.0.0.1' || host === '::1'

/**
 * Hands one mail to the server, over a connection of the safe client. Rejects with `UrlRefused`, or with the server's
 * answer when it does not take the mail.
 */
export async function sendMail(outgoing: Outgoing, server: MailServer, mail: Mail): Promise<void> {
  const { host, port, tls, username, password } = server
  const transport = createTransport({
    host,
    port,
    secure: tls,
    // A password never crosses a network in the clear.
    requireTLS: !tls && !isHere(host),
    ...(username !== null && { auth: { user: username, pass: password ?? '' } }),
    getSocket: (_options, done) => {
      outgoing
        .socket(host, port, { connectTimeoutMs: TIMEOUT_MS })
        .then((connection) => done(null, { connection }), done)
    },
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({ from: server.from, ...mail })
  } finally {
    transport.close()
  }
}

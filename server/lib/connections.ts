import type { Server } from 'node:http'
import type { Socket } from 'node:net'

// Time for the first bytes of somebody who has only just connected.
const GRACE_MS = 500

/**
 * Watches the server's connections from now on; the answer closes those over which nothing was ever asked. Browsers
 * open such connections in advance, and Node takes them neither for idle nor for done: `close()` would wait for them.
 */
export function watchConnections(server: Server): () => void {
  const unused = new Map<Socket, number>()
  const add = (socket: Socket) => {
    unused.set(socket, performance.now())
    socket.once('close', () => unused.delete(socket))
  }
  server.on('connection', add)
  server.on('request', (req) => unused.delete(req.socket))
  // Said by what answers beside node:http.
  server.on('used', (socket: Socket) => unused.delete(socket))
  // With TLS requests come over another socket object than the one that connected.
  server.on('secureConnection', (socket: Socket) => {
    for (const raw of unused.keys()) if (isUnder(raw, socket)) unused.delete(raw)
    add(socket)
  })
  return () => {
    const before = performance.now() - GRACE_MS
    for (const [socket, since] of unused) if (since < before) socket.destroy()
  }
}

const isUnder = (raw: Socket, secure: Socket) =>
  raw.remotePort === secure.remotePort && raw.remoteAddress === secure.remoteAddress

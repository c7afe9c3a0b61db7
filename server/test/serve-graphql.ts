import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'
import { createGraphql } from '../graphql/server.ts'
import type { Parts } from '../lib/parts.ts'

/** GraphQL over real HTTP until the tests of this file are over; answers its origin. */
export async function serveGraphql(parts: Parts): Promise<string> {
  const server = createServer(createGraphql(parts)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port }: AddressInfo = Object(server.address())
  return `http://127.0.0.1:${port}`
}

import { mkdtempSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { TestDb } from './database.ts'

const SOCKET = '.s.PGSQL.5432'

/** A way to the same database over which, from `stall` on, nothing comes and nothing is closed. New connections work. */
export async function stallingWay({ connection }: TestDb): Promise<{ connection: typeof connection; stall(): void }> {
  const host = mkdtempSync(join(tmpdir(), 'aic-way-'))
  const ends = new Set<Socket>()
  const server = createServer((near) => {
    const far = createConnection(join(connection.host, SOCKET))
    for (const end of [near, far]) ends.add(end.on('error', () => end.destroy()))
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(join(host, SOCKET), resolve))
  afterAll(() => {
    for (const end of ends) end.destroy()
    server.close()
  })
  return {
    connection: { ...connection, host },
    stall: () => {
      for (const end of ends) end.unpipe().pause()
    },
  }
}

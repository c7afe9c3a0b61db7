import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { cpuSeconds } from '../bench/cpu.ts'
import { openWorld, type World } from './product.ts'
import { residentMb } from './soak/inspector.ts'
import { openStreams } from './streams/readers.ts'
import { stopReading } from './streams/stopped-reader.ts'

/**
 * A thousand open streams on one process, and one whose reader has stopped. `--streams 1000 --seconds 30 --delay 250`
 * (milliseconds between two chunks of one stream).
 */
const options = {
  streams: { type: 'string', default: '1000' },
  seconds: { type: 'string', default: '30' },
  delay: { type: 'string', default: '250' },
} as const
const { values } = parseArgs({ options })
const streams = Number(values.streams)
const delay = Number(values.delay)
const chunks = Math.ceil((Number(values.seconds) * 1000) / delay)

let broken = 0

function check(name: string, holds: boolean, figures: string): void {
  if (!holds) broken += 1
  process.stdout.write(`${holds ? 'ok  ' : 'FAIL'} ${name.padEnd(32)} ${figures}\n`)
}

/** A process that has served nothing yet is smaller than one that is warm: the streams are not to blame for that. */
async function warmUp(world: World): Promise<void> {
  for (let round = 0; round < 5; round += 1) await openStreams(world, 100, 10, 5).ended
  await wait(2000)
}

async function manyStreams(world: World, pid: number): Promise<void> {
  await warmUp(world)
  const before = residentMb(pid)
  const cpu = cpuSeconds(pid)
  const begunAt = performance.now()
  const readers = openStreams(world, streams, chunks, delay)
  let most = before
  let together = 0
  let over = false
  void readers.ended.then(() => {
    over = true
  })
  while (!over) {
    most = Math.max(most, residentMb(pid))
    together = Math.max(together, readers.begun() === streams ? world.fake.ledger.counts().open : 0)
    await wait(250)
  }
  const reads = await readers.ended
  const seconds = (performance.now() - begunAt) / 1000
  const used = cpuSeconds(pid) - cpu
  const whole = reads.filter((one) => one.status === 200 && one.whole && one.chunks === chunks).length
  const received = reads.reduce((sum, one) => sum + one.chunks, 0)
  check('streams open at once', together === streams, `${together} for ${seconds.toFixed(1)} s`)
  check('streams whole and in order', whole === streams, `${whole} of ${streams}, ${received} chunks`)
  const perStream = ((most - before) * 1024) / streams
  check('resident memory', most <= 220, `${before.toFixed(0)} → ${most.toFixed(0)} MiB (at most 220)`)
  check('resident memory per stream', true, `${perStream.toFixed(1)} KiB`)
  const perChunk = (used * 1e6) / received
  check(
    'CPU',
    true,
    `${used.toFixed(1)} s, ${perChunk.toFixed(0)} µs per chunk, ${Math.round(received / seconds)} chunks/s`,
  )
}

async function stoppedReader(world: World): Promise<void> {
  const { totalMb, sentMb, grownMb, readMb, whole } = await stopReading(world, 5000)
  check('a reader that stopped: memory', grownMb < 20, `${grownMb.toFixed(1)} MiB more for a stream of ${totalMb} MiB`)
  check('a reader that stopped: provider', sentMb < 20, `${sentMb.toFixed(1)} MiB taken from it in 5 s`)
  check('and then read on', whole && readMb > totalMb, `${readMb.toFixed(1)} MiB`)
}

const world = await openWorld({ env: { AIC_LOG_LEVEL: 'warn' } })
try {
  const pid = world.product.pid()
  if (pid === undefined) throw new Error('the product does not run')
  await manyStreams(world, pid)
  await stoppedReader(world)
} finally {
  await world.close()
}
process.stdout.write(broken === 0 ? 'everything holds\n' : `${broken} do not hold\n`)
process.exitCode = broken === 0 ? 0 : 1

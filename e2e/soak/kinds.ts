/** One kind of request of the soak, recognised in the usage entries by its model. */
export type Kind = {
  readonly model: string
  readonly directive: string
  readonly streamed: boolean
  /** Milliseconds after which the caller leaves; null: it stays. */
  readonly leavesAfterMs: number | null
  /** How often it comes among `weightOf all`. */
  readonly weight: number
  /** How its entries end. A caller's leaving may be overtaken by the end of the answer, nothing else has two. */
  readonly ends: readonly string[]
}

const kind = (name: string, weight: number, directive: string, more: Partial<Kind> = {}): Kind => ({
  model: `fake-soak-${name}`,
  directive,
  streamed: false,
  leavesAfterMs: null,
  weight,
  ends: ['COMPLETE'],
  ...more,
})

const failed: Partial<Kind> = { ends: ['UPSTREAM_FAILED'] }
const left: Partial<Kind> = { ends: ['CLIENT_LEFT'] }
const streamed: Partial<Kind> = { streamed: true }

/** Answers, slow answers, every fault a provider has, callers who leave in each phase, and requests we refuse. */
export const kinds: readonly Kind[] = [
  kind('plain', 40, 'latency=5'),
  kind('stream', 25, 'chunks=12 delay=4', streamed),
  kind('slow', 4, 'latency=1500'),
  kind('long-stream', 3, 'chunks=40 delay=50', streamed),
  kind('large', 2, 'chunks=300 size=1000'),
  kind('429', 4, 'status=429 retry_after=1'),
  kind('500', 4, 'status=500', failed),
  kind('reset-early', 2, 'socket=headers', failed),
  kind('reset-stream', 3, 'chunks=20 reset=900', { ...streamed, ...failed }),
  kind('stall', 1, 'stall=headers', failed),
  kind('stall-stream', 1, 'stall=3', { ...streamed, ...failed }),
  kind('error-event', 2, 'error_event=3', { ...streamed, ...failed }),
  kind('garbage', 2, 'json=broken length=40', failed),
  kind('close', 3, 'socket=close'),
  kind('left-early', 2, 'stall=headers', { ...left, leavesAfterMs: 700 }),
  kind('left-stream', 3, 'endless delay=10', { ...streamed, ...left, leavesAfterMs: 900 }),
  { ...kind('refused', 2, ''), model: 'unknown-soak-refused', ends: ['REFUSED'] },
]

const deck = kinds.flatMap((one) => Array.from({ length: one.weight }, () => one))

/** Number `index` of an endless sequence in which the kinds come by their weight, well mixed. */
export function kindAt(index: number): Kind {
  // A step without a common divisor with the length visits every place once per round.
  const chosen = deck[(index * 37) % deck.length]
  if (chosen === undefined) throw new Error('an empty deck')
  return chosen
}

import { expect, it } from 'vitest'
import { Histograms, hrTime } from './tally.ts'

it('a value on a bound counts as within it, and one beyond all bounds is not lost', () => {
  const histograms = new Histograms({ name: 'x', description: 'x' }, [1, 5])
  const one = histograms.series({ kind: 'one' })
  histograms.series({ kind: 'never used' })
  for (const value of [0, 1, 1.5, 5, 6]) one.record(value)
  const { dataPoints } = histograms.read(hrTime())
  expect(dataPoints).toMatchObject([
    { attributes: { kind: 'one' }, value: { buckets: { boundaries: [1, 5], counts: [2, 2, 1] }, sum: 13.5, count: 5 } },
  ])
})

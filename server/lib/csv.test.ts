import { expect, test } from 'vitest'
import { csvLine } from './csv.ts'

test.each([
  ['=HYPERLINK("http://evil")', `"'=HYPERLINK(""http://evil"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(1)', "'@SUM(1)"],
  ['\t=1', "'\t=1"],
  ['a,b', '"a,b"'],
  ['two\nlines', '"two\nlines"'],
  ['say "hi"', '"say ""hi"""'],
  ['plain', 'plain'],
])('the text %j becomes the cell %j', (text, cell) => {
  expect(csvLine([text])).toBe(`${cell}\r\n`)
})

test('numbers stay numbers, instants are ISO 8601, nothing is an empty cell', () => {
  expect(csvLine([-5, new Date(0), null, undefined, true])).toBe('-5,1970-01-01T00:00:00.000Z,,,true\r\n')
})

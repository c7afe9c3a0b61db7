import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { readFormAsk } from './ask-form.ts'
import { readBoundary, scanForm } from './form.ts'
import { Refusal } from './refusal.ts'

const part = (head: string, content = 'x') => `--b\r\n${head}\r\n\r\n${content}\r\n`
const field = (name: string, content: string) => part(`Content-Disposition: form-data; name="${name}"`, content)
const form = (...parts: readonly string[]) => Buffer.from(`${parts.join('')}--b--\r\n`)
const refused = (bytes: Buffer) => {
  try {
    readFormAsk(bytes, 'b')
  } catch (error) {
    if (error instanceof Refusal) return [error.code, error.param]
    throw error
  }
  return null
}

test('a form of the platform reads as it was made, whatever its files hold', async () => {
  const content = fc.uint8Array({ maxLength: 400 })
  await fc.assert(
    fc.asyncProperty(fc.array(content, { maxLength: 4 }), fc.string({ unit: 'grapheme' }), async (files, prompt) => {
      const made = new FormData()
      for (const file of files) made.append('file', new Blob([new Uint8Array(file)]), 'a "b".wav')
      made.append('prompt', prompt)
      made.append('model', 'whisper-1')
      const { headers, bytes } = await encode(made)
      const parts = scanForm(bytes, readBoundary(headers.get('content-type') ?? '') ?? '')
      expect(parts.map(({ name }) => name)).toEqual([...files.map(() => 'file'), 'prompt', 'model'])
      for (const [at, file] of files.entries()) {
        expect(bytes.subarray(parts[at]?.start, parts[at]?.end)).toEqual(Buffer.from(file))
      }
    }),
  )
})

async function encode(made: FormData) {
  const response = new Response(made)
  return { headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}

test('what is asked for is read from the fields, wherever the file stands', () => {
  const file = part('Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav')
  const bytes = form(file, field('model', 'whisper-1'), field('stream', 'true'), field('prompt', 'four words'))
  expect(readFormAsk(bytes, 'b')).toMatchObject({ model: 'whisper-1', streamed: true, body: bytes, fieldBytes: 23 })
})

test.each([
  ['.NET', `Content-Disposition: form-data; name=file; filename="\u00e9.wav"; filename*=utf-8''%C3%A9.wav`],
  ['Ruby', 'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Transfer-Encoding: binary'],
  ['Java', 'content-disposition: form-data; name="file"; filename="a.wav"\r\nContent-Transfer-Encoding: 8bit'],
])('a file is read as %s sends it', (_client, head) => {
  const bytes = form(part(head), field('model', 'whisper-1'))
  expect(scanForm(bytes, 'b')[0]).toMatchObject({ name: 'file', isFile: true })
  expect(readFormAsk(bytes, 'b').model).toBe('whisper-1')
})

test('a charset beside the boundary is none of our business', () => {
  for (const type of ['; charset=UTF-8; boundary=b', '; boundary=b; charset="utf-8"', ';boundary="b"']) {
    expect(readBoundary(`multipart/form-data${type}`)).toBe('b')
  }
})

describe('it is refused', () => {
  it.each([
    ['without a model', form(field('prompt', 'x')), 'invalid_parameter', 'model'],
    ['with two models', form(field('model', 'a'), field('Model', 'b')), 'duplicate_key', 'model'],
    [
      'with a file for a model',
      form(part('Content-Disposition: form-data; name="model"; filename="m"')),
      'invalid_parameter',
      'model',
    ],
    [
      'with another host',
      form(field('model', 'a'), field('base_url', 'https://evil.example')),
      'invalid_parameter',
      'base_url',
    ],
    ['without its end', Buffer.from(field('model', 'a')), 'invalid_body', 'body'],
    [
      'with something before it',
      Buffer.concat([Buffer.from('x\r\n'), form(field('model', 'a'))]),
      'invalid_body',
      'body',
    ],
    [
      'with something behind it',
      Buffer.concat([form(field('model', 'a')), Buffer.from('--b\r\n')]),
      'invalid_body',
      'body',
    ],
    ['with a part without a name', form(part('Content-Disposition: form-data')), 'invalid_body', 'body'],
    [
      'with a name in two ways',
      form(part(`Content-Disposition: form-data; name="a"; name*=UTF-8''model`)),
      'invalid_body',
      'body',
    ],
    ['with a name twice', form(part('Content-Disposition: form-data; name="a"; name="model"')), 'invalid_body', 'body'],
    [
      'with two dispositions',
      form(part('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="model"')),
      'invalid_body',
      'body',
    ],
    ['with a folded header', form(part('Content-Disposition: form-data;\r\n name="model"')), 'invalid_body', 'body'],
    [
      'with an encoded part',
      form(part('Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64')),
      'invalid_body',
      'body',
    ],
    [
      'with too many parts',
      form(...Array.from({ length: 257 }, (_, at) => field(`f${at}`, ''))),
      'body_too_complex',
      'body',
    ],
  ])('%s', (_, bytes, code, param) => {
    expect(refused(bytes)).toEqual([code, param])
  })

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=a; boundary=b',
    'multipart/mixed; boundary=b',
    'application/json',
  ])('as %s', (type) => {
    expect(readBoundary(type)).toBeNull()
  })
})

test('nothing but a refusal comes of any bytes', () => {
  const piece = fc.constantFrom(
    '--b',
    '\r\n',
    '--',
    'Content-Disposition: form-data; name="model"',
    'a',
    '"',
    ';',
    '\0',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      refused(Buffer.from(pieces.join('')))
    }),
  )
})

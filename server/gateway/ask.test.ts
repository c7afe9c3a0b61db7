import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAsk } from './ask.ts'
import { Refusal } from './refusal.ts'
import { withModel } from './rename.ts'

const read = (text: string) => readAsk('chat/completions', Buffer.from(text))
const refusal = (text: string) => {
  try {
    read(text)
    return null
  } catch (error) {
    return error instanceof Refusal ? [error.code, error.param] : error
  }
}

describe('what a caller asks for', () => {
  it('is read from the bytes, which stay the same', () => {
    const text = ' {"unknown":[1e400, 12345678901234567890], "model" : "gpt-4" ,"n":2,"max_tokens":7}'
    const ask = read(text)
    expect(ask).toMatchObject({ model: 'gpt-4', streamed: false, hidesUsage: false, maxTokens: 7, choices: 2 })
    expect(ask.body.toString()).toBe(text)
  })

  it.each([
    ['"max_tokens":1,"max_completion_tokens":9', 9, null],
    ['"max_completion_tokens":1,"max_tokens":9', 9, null],
    ['"max_completion_tokens":null,"max_tokens":9', 9, null],
    ['"max_completion_tokens":null', null, null],
    ['"n":2,"best_of":5', null, 5],
    ['"n":3', null, 3],
  ])('is the most that a provider may make of %s', (text, maxTokens, choices) => {
    expect(read(`{"model":"a",${text}}`)).toMatchObject({ maxTokens, choices })
  })

  it.each([
    ['{"model":"a","stream":true}', '{"model":"a","stream":true,"stream_options":{"include_usage":true}}'],
    [
      '{"model":"a","stream":true,"stream_options":null}',
      '{"model":"a","stream":true,"stream_options":{"include_usage":true}}',
    ],
    [
      '{"stream_options":{},"model":"a","stream":true}',
      '{"stream_options":{"include_usage":true},"model":"a","stream":true}',
    ],
    [
      '{"stream_options":{ },"model":"a","stream":true}',
      '{"stream_options":{"include_usage":true },"model":"a","stream":true}',
    ],
    [
      '{"stream_options":{"x":1e400},"model":"a","stream":true}',
      '{"stream_options":{"include_usage":true,"x":1e400},"model":"a","stream":true}',
    ],
    [
      '{"stream_options":{"include_usage":false},"model":"a","stream":true}',
      '{"stream_options":{"include_usage":true},"model":"a","stream":true}',
    ],
  ])('is completed with a wish for usage when %s', (text, sent) => {
    expect(read(text)).toMatchObject({ streamed: true, hidesUsage: true })
    expect(read(text).body.toString()).toBe(sent)
  })

  it('is left alone when it asks for usage itself, or does not stream', () => {
    for (const text of [
      '{"model":"a","stream":true,"stream_options":{"include_usage":true}}',
      '{"model":"a","stream":false}',
      '{"model":"a","stream":null}',
    ]) {
      expect(read(text).hidesUsage).toBe(false)
      expect(read(text).body.toString()).toBe(text)
    }
  })

  it.each([
    ['', 'invalid_json', 'body'],
    ['{"model":"a"', 'invalid_json', 'body'],
    ['\ufeff{"model":"a"}', 'invalid_json', 'body'],
    ['[]', 'invalid_body', 'body'],
    ['"model"', 'invalid_body', 'body'],
    ['{}', 'invalid_parameter', 'model'],
    ['{"model":7}', 'invalid_parameter', 'model'],
    ['{"model":null}', 'invalid_parameter', 'model'],
    ['{"model":""}', 'invalid_parameter', 'model'],
    ['{"model":"a\\u0000"}', 'invalid_parameter', 'model'],
    ['{"model":"\\ud800"}', 'invalid_parameter', 'model'],
    [`{"model":"${'x'.repeat(257)}"}`, 'invalid_parameter', 'model'],
    ['{"model":"a","stream":"yes"}', 'invalid_parameter', 'stream'],
    ['{"model":"a","stream":1}', 'invalid_parameter', 'stream'],
    ['{"model":"a","stream_options":[]}', 'invalid_parameter', 'stream_options'],
    ['{"model":"a","max_tokens":"9"}', 'invalid_parameter', 'max_tokens'],
    ['{"model":"a","n":{}}', 'invalid_parameter', 'n'],
    ['{"model":"a","model":"b"}', 'duplicate_key', 'model'],
    ['{"model":"a","Model":"b"}', 'duplicate_key', 'model'],
    ['{"model":"a","stream":true,"stream":false}', 'duplicate_key', 'stream'],
    [
      '{"model":"a","stream":true,"stream_options":{"include_usage":true,"include_usage":false}}',
      'duplicate_key',
      'stream_options.include_usage',
    ],
    ['{"model":"a","api_base":"http://x"}', 'invalid_parameter', 'api_base'],
    ['{"model":"a","base_url":"http://x"}', 'invalid_parameter', 'base_url'],
    ['{"model":"a","baseURL":"http://x"}', 'invalid_parameter', 'baseURL'],
    ['{"model":"a","api\\u005fkey":"x"}', 'invalid_parameter', 'api_key'],
    ['{"model":"a","API-KEY":"x"}', 'invalid_parameter', 'API-KEY'],
    ['{"model":"a","_a_pi_base":"x"}', 'invalid_parameter', '_a_pi_base'],
    ['{"model":"a","a_pibase":"x"}', 'invalid_parameter', 'a_pibase'],
    ['{"model":"a","N":1,"n":2}', 'duplicate_key', 'n'],
    ['{"model":"a","prompt":"b","prompt":["b","c"]}', 'duplicate_key', 'prompt'],
  ])('is refused for %s', (text, code, param) => {
    expect(refusal(text)).toEqual([code, param])
  })

  it('is refused when it is not UTF-8', () => {
    expect(() => readAsk('embeddings', Buffer.from('{"model":"\xe9"}', 'latin1'))).toThrow('UTF-8')
  })
})

it('rewrites a model name and nothing else', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ unit: 'grapheme' }), (rest, model) => {
      const body = JSON.stringify({ ...rest, model: 'before' })
      const after: unknown = JSON.parse(
        withModel({ body: Buffer.from(body), boundary: null }, model.toWellFormed()).toString(),
      )
      expect(after).toEqual({ ...JSON.parse(body), model: model.toWellFormed() })
    }),
  )
})

import type { World } from '../world.ts'
import { type Case, type Cases, raw, sender } from './case.ts'

/** What a caller can do wrong with a request. */
export const requestCases = (world: World): Cases => ({
  ...bodyCases(world),
  ...credentialCases(world),
  ...addressCases(world),
  ...transferCases(world),
})

const headOf =
  (world: World) =>
  (line: string, more = '') =>
    `${line} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${world.key.text}\r\nconnection: close\r\n${more}\r\n`

function bodyCases(world: World): Cases {
  const send = sender(world)
  const body = (cause: string, text: string, says: RegExp, param = 'body'): Case => ({
    cause,
    ask: () => send({ body: text }),
    says,
    param,
  })
  const evil = (name: string) =>
    body(`${name} of its own`, `{"model":"gpt-4","${name}":"http://evil"}`, /not allowed/, name)
  return {
    invalid_json: [
      body('half an object', '{"model":', /JSON/),
      body('nothing', '', /JSON/),
      body('text after the object', '{"model":"gpt-4"} trailing', /JSON/),
      body('single quotes', "{'model': 'gpt-4'}", /JSON/),
    ],
    invalid_body: [body('a list', '[1]', /object/), body('a text', '"model"', /object/)],
    duplicate_key: [
      body('two models', '{"model":"gpt-4","model":"gpt-4"}', /more than once/, 'model'),
      body('two models, one escaped', '{"model":"gpt-4","mod\\u0065l":"gpt-4"}', /more than once/, 'model'),
      body('two streams', '{"model":"gpt-4","stream":false,"stream":true}', /more than once/, 'stream'),
    ],
    body_too_complex: [
      body('500 levels', `{"model":"gpt-4","a":${'['.repeat(500)}${']'.repeat(500)}}`, /deep|many/),
      body('100,000 levels', `{"model":"gpt-4","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /deep|many/),
      body('a million braces', `{"model":"gpt-4","a":[${'{},'.repeat(300_000)}{}]}`, /deep|many/),
    ],
    invalid_parameter: [
      body('no model', '{"messages":[]}', /model is missing/, 'model'),
      body('a number for a model', '{"model":4}', /model must be a string/, 'model'),
      body('an empty model', '{"model":""}', /not the name of a model/, 'model'),
      body('a word for stream', '{"model":"gpt-4","stream":"yes"}', /stream must be/, 'stream'),
      ...['api_base', 'base_url', 'openai_api_base', 'endpoint', 'proxy'].map(evil),
    ],
  }
}

function credentialCases(world: World): Cases {
  const send = sender(world)
  const head = headOf(world)
  const query = (cause: string, path: string): Case => ({
    cause,
    ask: () => send({ path }),
    says: /in a header, never in the URL/,
    param: 'query',
    end: null,
  })
  const twice = `Authorization: Bearer ${world.key.text}\r\n`
  return {
    bad_request: [
      {
        cause: 'two credentials',
        ask: () => send({ headers: { 'x-api-key': world.key.text } }),
        says: /exactly one credential/,
        param: 'x-api-key',
        end: null,
      },
      {
        cause: 'one credential twice',
        ask: () => raw(world.port, head('POST /work', twice)),
        says: /exactly one credential/,
        param: 'authorization',
        end: null,
      },
      ...['api_key=x', 'key=x', 'access_token=x', 'api%5Fkey=x', 'a=b&%6Bey=x'].map((text) =>
        query(`a credential in the query: ${text}`, `?${text}`),
      ),
      query('the key in the query', `?anything=${world.key.text}`),
      query('the key in the query, escaped', `?a=%61ic_${world.key.text.slice(4)}`),
    ],
  }
}

function addressCases(world: World): Cases {
  const send = sender(world)
  const head = headOf(world)
  const missing = (line: string): Case => ({
    cause: line,
    ask: () => raw(world.port, head(line)),
    says: /nothing at this address/,
    end: null,
  })
  const wrongMethod = (method: string, path: string, allow: RegExp): Case => ({
    cause: `${method} ${path}`,
    ask: () => send({ method, path }),
    says: /method is not allowed/,
    headers: { allow },
    end: null,
  })
  return {
    not_found: ['/nothing', '/chat', '/v2/chat/completions', '/%63hat/completions', '/v1/v1/models', '/V1/models']
      .map((path) => missing(`POST /work${path}`))
      .concat({
        cause: 'an endpoint of another wire format',
        ask: () => send({ path: '/messages' }),
        says: /provider of this API key does not have this endpoint/,
      }),
    method_not_allowed: [
      wrongMethod('GET', '', /^POST$/),
      wrongMethod('DELETE', '/chat/completions', /^POST$/),
      wrongMethod('PUT', '/models', /^GET$/),
    ],
  }
}

function transferCases(world: World): Cases {
  const send = sender(world)
  const typed = (cause: string, name: string, value: string): Case => ({
    cause,
    ask: () => send({ headers: { [name]: value } }),
    says: /application\/json/,
    param: name,
  })
  return {
    unsupported_media_type: [
      typed('a text', 'content-type', 'text/plain'),
      typed('a form', 'content-type', 'application/x-www-form-urlencoded'),
      typed('nearly JSON', 'content-type', 'application/jsonp'),
      typed('another character set', 'content-type', 'application/json; charset=utf-7'),
      typed('another character set after others', 'content-type', 'application/json;a=b; CharSet="latin1"'),
      typed('compressed', 'content-encoding', 'gzip'),
    ],
    request_too_large: [
      {
        cause: 'a declared length',
        ask: () => send({ body: JSON.stringify({ model: 'gpt-4', x: 'y'.repeat(2_000_000) }) }),
        says: /larger than \d+ bytes/,
        headers: { connection: /close/ },
      },
      {
        cause: 'without a declared length',
        ask: () =>
          raw(
            world.port,
            `POST /work HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${world.key.text}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(20)}`,
          ),
        says: /larger than \d+ bytes/,
        headers: { connection: /close/ },
      },
    ],
  }
}

import { builder } from '../graphql/builder.ts'

export const EndpointEnum = builder.enumType('Endpoint', {
  description: 'What of `/work` a key may be restricted to.',
  values: {
    CHAT: { description: '`/work` and `/work/chat/completions`.' },
    COMPLETIONS: { description: '`/work/completions`.' },
    EMBEDDINGS: { description: '`/work/embeddings`.' },
    RESPONSES: { description: '`/work/responses`.' },
    MESSAGES: { description: '`/work/v1/messages` and its `count_tokens`.' },
    AUDIO: { description: '`/work/audio/…`: speech, transcriptions, translations.' },
    IMAGES: { description: '`/work/images/…`: generations, edits, variations.' },
    MODELS: { description: '`/work/models`.' },
  },
})

type Endpoints = { readonly type: [typeof EndpointEnum]; readonly description: string }
const endpoints: Endpoints = { type: [EndpointEnum], description: 'Only these endpoints. Empty: no restriction.' }

/** What an input says of the members that restrict a key. */
export const restrictionInputs = {
  models: { description: 'Names and globs, up to 100: only these models. Empty: no restriction.' },
  addresses: { description: 'Addresses and networks (CIDR), up to 100: only from there. Empty: from everywhere.' },
  endpoints,
} as const

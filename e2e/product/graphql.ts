/** How a client proves who it is: nobody, a session cookie, or a personal access token. */
export type Proof = { readonly cookie?: string; readonly token?: string }

export type GraphqlError = { readonly message: string; readonly extensions?: { readonly code?: string } }
export type GraphqlAnswer<T> = { readonly data?: T | null; readonly errors?: readonly GraphqlError[] }

/** What stopped a mutation: the union member's name, or the code of an error that came before it could run. */
export class Stopped extends Error {
  readonly fact: string
  constructor(fact: string, message: string) {
    super(`${fact}: ${message}`)
    this.fact = fact
  }
}

/** What one mutation answers besides its own fields. */
export type Outcome = { readonly __typename: string; readonly message?: string }

/** The product's GraphQL endpoint as one person or script sees it. */
export type GraphqlClient = {
  readonly proof: Proof
  /** The whole answer, errors included. */
  readonly ask: <T>(document: string, variables?: object) => Promise<GraphqlAnswer<T>>
  /** The data; throws when there is any error. */
  readonly query: <T>(document: string, variables?: object) => Promise<T>
  /** Runs `name(input:)`, asks for `fields` of its success type; throws Stopped for every other union member. */
  readonly mutate: <T>(name: string, input: object, fields: string) => Promise<T>
}

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

function headersFor(proof: Proof): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-aic-csrf': '1' }
  if (proof.cookie !== undefined) headers['cookie'] = proof.cookie
  if (proof.token !== undefined) headers['authorization'] = `Bearer ${proof.token}`
  return headers
}

/** Posts one document and returns the raw response, for those who want its cookies or headers. */
export function postGraphql(url: string, proof: Proof, document: string, variables: object = {}): Promise<Response> {
  const body = JSON.stringify({ query: document, variables })
  return fetch(`${url}/graphql`, { method: 'POST', headers: headersFor(proof), body })
}

export function mutationDocument(name: string, fields: string): string {
  const type = capitalised(name)
  const success = fields === '' ? '' : `... on ${type}Success { ${fields} }`
  return `mutation ${type}($input: ${type}Input!) {
    ${name}(input: $input) { __typename ${success} ... on Problem { message } }
  }`
}

/** The success of a mutation; throws Stopped for everything else. */
export function successOf<T>(answer: GraphqlAnswer<Record<string, Outcome>>, name: string): T {
  const [error] = answer.errors ?? []
  if (error) throw new Stopped(error.extensions?.code ?? 'FAILED', error.message)
  const outcome = answer.data?.[name]
  if (!outcome) throw new Error(`${name} answered nothing`)
  if (!outcome.__typename.endsWith('Success')) throw new Stopped(outcome.__typename, outcome.message ?? '')
  return outcome as T
}

export function graphqlClient(url: string, proof: Proof): GraphqlClient {
  const ask = async <T>(document: string, variables?: object): Promise<GraphqlAnswer<T>> => {
    const response = await postGraphql(url, proof, document, variables)
    return (await response.json()) as GraphqlAnswer<T>
  }
  return {
    proof,
    ask,
    query: async <T>(document: string, variables?: object) => {
      const answer = await ask<T>(document, variables)
      if (answer.errors !== undefined || !answer.data) throw new Error(JSON.stringify(answer.errors ?? answer))
      return answer.data
    },
    mutate: async <T>(name: string, input: object, fields: string) =>
      successOf<T>(await ask(mutationDocument(name, fields), { input }), name),
  }
}

/** The session cookie an answer sets, as a Cookie header's value; throws when it sets none. */
export function sessionCookie(response: Response): string {
  const cookie = response.headers.getSetCookie().find((line) => line.startsWith('__Host-aic_session='))
  const pair = cookie?.split(';')[0]
  if (pair === undefined) throw new Error('the answer set no session cookie')
  return pair
}

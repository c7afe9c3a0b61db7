import { ask } from '../client.ts'
import { graphql } from '../graphql.ts'

const SignOut = graphql(`
  mutation SignOut($input: SignOutInput!) {
    signOut(input: $input) {
      __typename
      ... on Problem { message }
    }
  }
`)

/** Ends this session, or all of them, and leaves by a real navigation so that nothing stays in memory. */
export async function signOut(allSessions = false): Promise<void> {
  // Lists on screen must not ask again: nobody is there any more.
  await ask(SignOut, { input: { allSessions } })
  location.assign('/sign-in')
}

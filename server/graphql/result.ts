import { InvalidInput, type Problem } from '../lib/problems.ts'

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

/**
 * The `errors` option of a mutation: makes its answer the union `<Name>Result` of the success type and the facts
 * that can stop it (`InvalidInput` always is one).
 */
export function result<Class extends new (...args: never[]) => Problem>(mutation: string, problems: readonly Class[]) {
  return {
    types: [InvalidInput, ...problems],
    directResult: true as const,
    union: { name: `${capitalised(mutation)}Result`, description: `What came of \`${mutation}\`.` },
  }
}

/**
 * What a person can cause and we expect. Each class is a GraphQL type of the same name and a member of the result
 * unions of the mutations that can meet it. The message is a sentence for people.
 */
export abstract class Problem extends Error {
  override get name() {
    return this.constructor.name
  }
}

export type InputIssue = { readonly path: string; readonly message: string }

/** A value of the input is not acceptable; nothing was stored. */
export class InvalidInput extends Problem {
  readonly issues: readonly InputIssue[]
  constructor(issues: readonly InputIssue[]) {
    super(issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join(' '))
    this.issues = issues
  }
}

/** Not there, and not yours, are one answer. */
export class NotFound extends Problem {
  constructor(what: string) {
    super(`There is no such ${what}.`)
  }
}

export class NameTaken extends Problem {
  constructor(what: string) {
    super(`Another ${what} has this name already.`)
  }
}

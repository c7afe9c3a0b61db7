import { Problem } from '../lib/problems.ts'

/** Unknown, wrong, disabled and without a password are one answer. */
export class InvalidCredentials extends Problem {
  constructor() {
    super('The username or the password is not right.')
  }
}

/** Too many wrong tries, or too many at once. Nothing was tried; asking again earlier changes nothing. */
export class TooManyAttempts extends Problem {
  readonly retryAfterSeconds: number
  constructor(retryAfterSeconds: number) {
    super(`Too many tries. Try again in ${retryAfterSeconds} ${retryAfterSeconds === 1 ? 'second' : 'seconds'}.`)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** An administrator exists already, or the token is not the newest one. */
export class SetupClosed extends Problem {
  constructor() {
    super('This setup link does not work: it was used, or a newer one has been printed.')
  }
}

export class LinkExpired extends Problem {
  constructor() {
    super('This link does not work: it was used, is too old, or a newer one has been made.')
  }
}

/** Somebody has to be able to manage the installation. */
export class LastAdministrator extends Problem {
  constructor() {
    super('This is the last active administrator. Make another one first.')
  }
}

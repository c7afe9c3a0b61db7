/** A name for one attempt at making a secret: repeating the call with it never makes a second one. */
export function newAttempt(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Only a path of this console is a way back; anything else would let a link send people elsewhere. */
export function readNext(value: unknown): string {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : '/'
}

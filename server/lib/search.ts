/** `%` and `_` stand for themselves in a search. */
export const literally = (text: string) => text.replace(/[\\%_]/g, '\\$&')

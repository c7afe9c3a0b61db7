/** Where the time comes from. Everything that asks for the time takes one, so that a test can set it. */
export type Clock = { now(): Date }

export const systemClock: Clock = { now: () => new Date() }

/** How long an answer may be given again, to choose from (s). */
export const cacheTimes = [60, 300, 3_600, 86_400, 604_800] as const

const units = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const

/** `5 minutes`; in the largest unit that is whole. */
export function timeLabel(seconds: number): string {
  const [size, unit] = units.find(([one]) => seconds % one === 0) ?? [1, 'second']
  const count = seconds / size
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

import { z } from 'zod'
import { Problem } from '../lib/problems.ts'
import { name } from '../lib/text.ts'

/** People who are treated alike: a target of rules and limits. */
export type Group = {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  readonly deletedAt: Date | null
  /** Grows by one with every change, of its members too. */
  readonly version: number
}

/** How many people one mutation adds or removes. */
export const MAX_MEMBERS_AT_ONCE = 1000

const people = z.array(z.string()).max(MAX_MEMBERS_AT_ONCE, `must have ${MAX_MEMBERS_AT_ONCE} people or fewer.`)

export const newGroupSchema = z.object({ name: name(), memberIds: people.nullish() })

/** What is left out or null stays as it is. */
export const groupEditSchema = z.object({
  name: name().nullish(),
  addMemberIds: people.nullish(),
  removeMemberIds: people.nullish(),
})

export type NewGroup = z.input<typeof newGroupSchema>
export type GroupEdit = z.input<typeof groupEditSchema>

const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`
const listed = new Intl.ListFormat('en')

/** How many of each name a group. */
export type GroupUses = {
  readonly rules: number
  readonly limits: number
  /** Whose keys its members approve. */
  readonly policies: number
  /** That are open, and that its members answer. */
  readonly reviews: number
}

/** Whoever relies on the group would be given or denied something else by its end. */
export class GroupInUse extends Problem {
  readonly uses: GroupUses
  constructor(uses: GroupUses) {
    const { rules, limits, policies, reviews } = uses
    const words = [
      counted(rules, 'rule'),
      counted(limits, 'limit'),
      counted(policies, 'policy', 'policies'),
      counted(reviews, 'open review'),
    ].filter((word) => !word.startsWith('0 '))
    super(`This group is used by ${listed.format(words)}. Change or delete them first.`)
    this.uses = uses
  }
}

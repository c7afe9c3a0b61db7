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

const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`

/** Whoever relies on the group would be given or denied something else by its end. */
export class GroupInUse extends Problem {
  readonly ruleCount: number
  readonly limitCount: number
  constructor({ rules, limits }: { readonly rules: number; readonly limits: number }) {
    const uses = [rules > 0 ? counted(rules, 'rule') : '', limits > 0 ? counted(limits, 'limit') : '']
    super(`This group is used by ${uses.filter((use) => use !== '').join(' and ')}. Change or delete them first.`)
    this.ruleCount = rules
    this.limitCount = limits
  }
}

import { type Decision, RuleIndex } from '../rules/evaluate.ts'
import type { GroupRow, RuleRow, UserRow } from './directory.store.ts'

const NO_GROUPS: readonly string[] = []
const NOBODY: Decision = { allowed: false, by: null }

/** Who belongs where and what rules say, whole and in memory. Rows of an older version than known are left out. */
export class AccessBook {
  readonly #rules = new RuleIndex()
  readonly #ruleVersions = new Map<string, number>()
  readonly #groups = new Map<string, GroupRow>()
  readonly #groupIds = new Map<string, readonly string[]>()

  /** Takes over what was read of these rules; `asked` ones that were not found are gone. */
  setRules(rows: readonly RuleRow[], asked: readonly string[] = []): void {
    const found = new Set(rows.map(({ id }) => id))
    for (const id of asked) if (!found.has(id)) this.#rules.remove(id)
    for (const row of rows) {
      if (row.version < (this.#ruleVersions.get(row.id) ?? 0)) continue
      this.#ruleVersions.set(row.id, row.version)
      this.#rules.set(row)
    }
  }

  setGroups(rows: readonly GroupRow[]): void {
    for (const row of rows) {
      const before = this.#groups.get(row.id)
      if (row.version < (before?.version ?? 0)) continue
      this.#groups.set(row.id, row)
      const members = new Set(row.userIds)
      for (const userId of before?.userIds ?? []) if (!members.has(userId)) this.#leave(userId, row.id)
      for (const userId of members) this.#join(userId, row.id)
    }
  }

  /** What the rules say to this person asking this provider for this model. */
  decide(user: UserRow | undefined, providerId: string, model: string): Decision {
    if (!user) return NOBODY
    const groupIds = this.groupIdsOf(user.id)
    return this.#rules.decide({ userId: user.id, role: user.role, groupIds, providerId, model })
  }

  /** The same array until the person's memberships change. */
  groupIdsOf(userId: string): readonly string[] {
    return this.#groupIds.get(userId) ?? NO_GROUPS
  }

  #join(userId: string, groupId: string): void {
    const before = this.groupIdsOf(userId)
    if (!before.includes(groupId)) this.#groupIds.set(userId, [...before, groupId].toSorted())
  }

  #leave(userId: string, groupId: string): void {
    const after = this.groupIdsOf(userId).filter((id) => id !== groupId)
    if (after.length > 0) this.#groupIds.set(userId, after)
    else this.#groupIds.delete(userId)
  }
}

import type { AccessBook } from './access.ts'
import type { EmergencyRow, KeyRow } from './directory.store.ts'

/**
 * The emergencies in force: a key that one of them is about has ended, though the job that writes each key's own end
 * may come to it minutes later. An emergency that is over never comes back.
 */
export class EmergencyBook {
  readonly #access: AccessBook
  readonly #inForce = new Map<string, EmergencyRow>()
  readonly #over = new Set<string>()

  constructor(access: AccessBook) {
    this.#access = access
  }

  set(rows: readonly EmergencyRow[]): void {
    for (const row of rows) {
      if (row.over) this.#over.add(row.id)
      if (this.#over.has(row.id)) this.#inForce.delete(row.id)
      else this.#inForce.set(row.id, row)
    }
  }

  /** True while an emergency is in force that began after this key was made. */
  isEnded(key: KeyRow): boolean {
    for (const { scope, subjectId, startedAt } of this.#inForce.values()) {
      if (key.createdAt <= startedAt && this.#isAbout(key, scope, subjectId)) return true
    }
    return false
  }

  #isAbout({ ownerId, providerId }: KeyRow, scope: EmergencyRow['scope'], subjectId: string | null): boolean {
    if (scope === 'ALL' || subjectId === null) return scope === 'ALL'
    if (scope === 'USER') return ownerId === subjectId
    return scope === 'PROVIDER' ? providerId === subjectId : this.#access.groupIdsOf(ownerId).includes(subjectId)
  }
}

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
    for (const emergency of this.#inForce.values()) {
      if (key.createdAt <= emergency.startedAt && this.#isAbout(emergency, key)) return true
    }
    return false
  }

  #isAbout({ scope, subjectId }: EmergencyRow, { ownerId, providerId }: KeyRow): boolean {
    switch (scope) {
      case 'ALL':
        return true
      case 'USER':
        return ownerId === subjectId
      case 'PROVIDER':
        return providerId === subjectId
      case 'GROUP':
        return subjectId !== null && this.#access.groupIdsOf(ownerId).includes(subjectId)
    }
  }
}

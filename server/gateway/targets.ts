import type { ProviderRow, SingleRow } from './directory.store.ts'
import { ProviderPool } from './pool.ts'
import type { Target, Upstream } from './target.ts'
import { closeConnections, toUpstream } from './upstream.ts'

type Needs = Parameters<typeof toUpstream>[0]

const isSingle = (row: ProviderRow): row is SingleRow => row.baseUrl !== null

/** Providers and pools, whole and in memory. Rows of an older version than known are left out. */
export class TargetBook {
  readonly #needs: Needs
  readonly #upstreams = new Map<string, Upstream>()
  readonly #pools = new Map<string, ProviderPool>()

  constructor(needs: Needs) {
    this.#needs = needs
  }

  set(rows: readonly ProviderRow[]): void {
    for (const row of rows) {
      if (row.version < (this.find(row.id)?.version ?? 0)) continue
      if (isSingle(row)) this.#upstreams.set(row.id, toUpstream(this.#needs, row, this.#upstreams.get(row.id)))
      else this.#pools.set(row.id, new ProviderPool(row, (id) => this.#upstreams.get(id)))
    }
  }

  find(id: string): Target | undefined {
    return this.#upstreams.get(id) ?? this.#pools.get(id)
  }

  upstream(id: string): Upstream | undefined {
    return this.#upstreams.get(id)
  }

  upstreams(): Iterable<Upstream> {
    return this.#upstreams.values()
  }

  close(): void {
    for (const { connections } of this.#upstreams.values()) closeConnections(connections)
  }
}

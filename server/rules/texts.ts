/** Values by texts, found by a longer text that begins with them or contains them, however many do not. */
export class Texts<Value> {
  readonly #values = new Map<string, Value>()
  /** How many texts have each length: only pieces of these lengths are looked for. */
  readonly #lengths = new Map<number, number>()
  #looked = 0

  get size(): number {
    return this.#values.size
  }

  /** How many comparisons have been made since it was made: what finding costs, independent of the machine. */
  get looked(): number {
    return this.#looked
  }

  get(text: string): Value | undefined {
    return this.#values.get(text)
  }

  /** The value of the text, which is made when there is none. */
  ensure(text: string, make: () => Value): Value {
    const known = this.#values.get(text)
    if (known !== undefined) return known
    const value = make()
    this.#values.set(text, value)
    this.#lengths.set(text.length, (this.#lengths.get(text.length) ?? 0) + 1)
    return value
  }

  delete(text: string): void {
    if (!this.#values.delete(text)) return
    const left = (this.#lengths.get(text.length) ?? 0) - 1
    if (left > 0) this.#lengths.set(text.length, left)
    else this.#lengths.delete(text.length)
  }

  /** The values of all texts that `whole` begins with. */
  beginningsOf(whole: string): Iterable<Value> {
    return this.#find(whole, this.#lengths.size, () => 1)
  }

  /** The values of all texts that `whole` contains. */
  partsOf(whole: string): Iterable<Value> {
    const places = (length: number) => whole.length - length + 1
    let pieces = 0
    for (const length of this.#lengths.keys()) pieces += Math.max(0, places(length))
    return this.#find(whole, pieces, places)
  }

  /** Looks at the texts or at the pieces of `whole`, whichever are fewer. */
  #find(whole: string, pieces: number, places: (length: number) => number): Set<Value> {
    const found = new Set<Value>()
    this.#looked += Math.min(pieces, this.#values.size)
    if (this.#values.size <= pieces) {
      for (const [text, value] of this.#values) {
        const at = whole.indexOf(text)
        if (at >= 0 && at < places(text.length)) found.add(value)
      }
      return found
    }
    for (const length of this.#lengths.keys()) {
      for (let at = 0; at < places(length); at++) {
        const value = this.#values.get(whole.slice(at, at + length))
        if (value !== undefined) found.add(value)
      }
    }
    return found
  }
}

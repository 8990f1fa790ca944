/**
 * A map with room for `capacity` entries that keeps at least the half of them that was used last.
 *
 * It has two generations. What is used goes into the young one; when that is full it takes the place of the old one,
 * whose entries are gone unless they were used meanwhile. Deleting the oldest entry of a single Map one by one would
 * be exact, and slow: to find it, a Map steps over everything deleted before it.
 */
export class BoundedMap<K, V> {
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  readonly #generation: number;

  constructor(capacity: number) {
    this.#generation = Math.max(1, Math.floor(capacity / 2));
  }

  /** How many entries are held, those included that are in both generations. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#generation) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}

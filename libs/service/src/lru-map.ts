interface Entry<V> {
  readonly value: V;
  readonly weight: number;
}

/** A map that forgets what was not used for longest. */
export class LruMap<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #maxWeight: number;
  readonly #weigh: (value: V) => number;
  #weight = 0;

  /**
   * @param maxWeight - of all values together; the last one that was set stays, whatever it weighs.
   * @param weigh - asked when a value is set, again when that changes what it weighs. Default: each weighs 1.
   */
  constructor(maxWeight: number, weigh: (value: V) => number = () => 1) {
    this.#maxWeight = maxWeight;
    this.#weigh = weigh;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    const weight = this.#weigh(value);
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    while (this.#weight > this.#maxWeight && this.#entries.size > 1) this.delete(this.#entries.keys().next().value!);
  }

  delete(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }
}

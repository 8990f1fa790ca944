const SETS = 65_536;
/** A content has its place in one set; of two that are there the older one makes room. */
const PLACES = 2 * SETS;

/**
 * When each of the last contents was first seen, in a table of fixed size: 2 MB, and two memory accesses per content,
 * however many there are. Of 1,000 contents within the window it forgets one in ten thousand, of 50,000 one in six.
 */
export class FirstTimes {
  readonly #fingerprints = new Float64Array(PLACES);
  readonly #timesMs = new Float64Array(PLACES).fill(-Infinity);
  readonly #windowMs: number;

  /** @param windowMs - after which a content counts as new. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /**
   * Answers when this content was first seen: now, unless it is remembered.
   *
   * @param fingerprint - at most 53 bits of a hash.
   */
  of(fingerprint: number, nowMs: number): number {
    const at = this.#placeOf(fingerprint);
    const firstMs = this.#timesMs[at]!;
    if (this.#fingerprints[at] === fingerprint && nowMs - firstMs < this.#windowMs) return firstMs;
    this.#fingerprints[at] = fingerprint;
    this.#timesMs[at] = nowMs;
    return nowMs;
  }

  #placeOf(fingerprint: number): number {
    const first = 2 * (fingerprint % SETS);
    if (this.#fingerprints[first] === fingerprint) return first;
    if (this.#fingerprints[first + 1] === fingerprint) return first + 1;
    return this.#timesMs[first]! <= this.#timesMs[first + 1]! ? first : first + 1;
  }
}

/** Answers `key`, by `start` unless somebody has asked for the same and not had an answer yet. */
export type SingleFlight<T> = (key: string, start: () => Promise<T>) => Promise<T>;

/** Callers that ask for the same at the same time share one answer, or one failure. Nothing is kept after it. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const underWay = new Map<string, Promise<T>>();
  return (key, start) => {
    const same = underWay.get(key);
    if (same) return same;
    const answer = start().finally(() => underWay.delete(key));
    // Those who wait hear of a failure; it may be that nobody waits any more.
    answer.catch(() => undefined);
    underWay.set(key, answer);
    return answer;
  };
}

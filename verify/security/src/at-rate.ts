/**
 * Calls `send` at a constant rate, however long each takes, until stopped.
 *
 * @param send - must not reject.
 */
export function atRate(perSecond: number, send: (n: number) => Promise<void>): { stop(): Promise<void> } {
  const startedMs = performance.now();
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1_000);
    for (; sent < due; sent++) {
      const sending = send(sent).finally(() => underWay.delete(sending));
      underWay.add(sending);
    }
  }, 5);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

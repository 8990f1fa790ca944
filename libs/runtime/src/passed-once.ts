/**
 * A check that holds back the start only: once it has passed, it passes for good. For what a service can do without for
 * a while, but not from the beginning.
 */
export function passedOnce(check: () => Promise<void>): () => Promise<void> {
  let passed = false;
  return async () => {
    if (passed) return;
    await check();
    passed = true;
  };
}

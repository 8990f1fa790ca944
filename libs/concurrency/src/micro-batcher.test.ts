import { describe, expect, it } from 'vitest';
import { createMicroBatcher } from './micro-batcher.ts';

/** Doubles numbers, when the test says so. */
function setUp() {
  const batches: { items: readonly number[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const batcher = createMicroBatcher<number, number>({
    work(items) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
      batches.push({ items, finish: () => resolve(items.map((item) => item * 2)), fail: reject });
      return promise;
    },
    maxItems: 3,
  });
  return { batcher, batches };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('the micro-batcher', () => {
  it('gives every caller the answer to its own item', async () => {
    const { batcher, batches } = setUp();
    const answers = [1, 2, 3, 4].map((item) => batcher.add(item));
    await nextTurn();
    for (const { finish } of batches) finish();
    expect(await Promise.all(answers)).toEqual([2, 4, 6, 8]);
    expect(batches.map(({ items }) => items)).toEqual([[1, 2, 3], [4]]);
  });

  it('fails those of one batch with it, and no others', async () => {
    const { batcher, batches } = setUp();
    const answers = [1, 2, 3, 4].map((item) => batcher.add(item).catch((error: Error) => error.message));
    await nextTurn();
    batches[0]!.fail(new Error('no'));
    batches[1]!.finish();
    expect(await Promise.all(answers)).toEqual(['no', 'no', 'no', 8]);
  });

  it('gathers while two batches are on their way', async () => {
    const { batcher, batches } = setUp();
    const answers: Promise<number>[] = [];
    for (const item of [1, 2, 3, 4]) {
      answers.push(batcher.add(item));
      await nextTurn();
    }
    expect(batches.map(({ items }) => items)).toEqual([[1], [2]]);
    batches[0]!.finish();
    await nextTurn();
    expect(batches[2]!.items).toEqual([3, 4]);
    for (const { finish } of batches) finish();
    await Promise.all(answers);
  });
});

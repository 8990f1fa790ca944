import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultyTasks } from '../../tests/support/thread-with-faults.ts';
import { createThreadPool, type ThreadPool } from './pool.ts';
import { TooHard } from './thread.ts';

const FAULTY = new URL('../../tests/support/thread-with-faults.ts', import.meta.url);
const LIMIT_MS = 5_000;
const unavailable = expect.objectContaining({ code: 'threads_unavailable', kind: 'unavailable' }) as unknown;

let pool: ThreadPool<FaultyTasks>;
beforeAll(() => {
  pool = createThreadPool<FaultyTasks>(FAULTY);
});
afterAll(() => pool[Symbol.asyncDispose]());

function ask<K extends keyof FaultyTasks>(task: K, asked?: Parameters<FaultyTasks[K]>[0], limitMs = LIMIT_MS) {
  return pool.use('org', (thread) => thread.do(task, asked as never, limitMs));
}

describe('a thread', () => {
  it('is used again', async () => {
    expect(await ask('name')).toBe(await ask('name'));
  });

  it.each<[string, () => Promise<unknown>]>([
    ['time', () => ask('spin', undefined, 100)],
    ['memory', () => ask('take', 1_000)],
    ['stack', () => ask('recurse')],
  ])('that would need more %s than it may is replaced, and its work too hard', async (_, work) => {
    const before = await ask('name');
    await expect(work()).rejects.toBeInstanceOf(TooHard);
    expect(await ask('name')).not.toBe(before);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['fails', () => ask('fail', 'a bug')],
    ['ends by itself', () => ask('exit', 1)],
    ['ends by itself, and well', () => ask('exit', 0)],
  ])('that %s is replaced, and its work not to blame', async (_, work) => {
    await expect(work()).rejects.not.toBeInstanceOf(TooHard);
    expect(await ask('name')).toBeGreaterThan(0);
  });

  it('with what others have left in it is held against nobody', async () => {
    // The first is replaced, whatever was done with it before.
    await expect(ask('fail', 'a bug')).rejects.toThrow('a bug');
    const before = await ask('name');
    await ask('keep', 22);
    expect(await ask('name')).toBe(before);
    expect(await ask('take', 80)).toBe(80);
    expect(await ask('name')).not.toBe(before);
  });

  it('that is full is replaced before it does more', async () => {
    const before = await ask('name');
    await ask('keep', 70);
    expect(await ask('name')).not.toBe(before);
  });

  it.each(['data:text/javascript,throw new Error("planted")', 'data:text/javascript,', 'file:///nowhere.js'])(
    'that cannot be started is our fault: %s',
    async (entry) => {
      await using broken = createThreadPool<FaultyTasks>(new URL(entry));
      const asking = () => broken.use('org', (thread) => thread.do('name', undefined as never, LIMIT_MS));
      await expect(asking()).rejects.toEqual(unavailable);
      await expect(asking()).rejects.toEqual(unavailable);
    },
  );
});

describe('tenants', () => {
  it('take turns, and have one thread at a time', async () => {
    const started: string[] = [];
    const working = new Map<string, number>();
    const use = (orgId: string, name: string) =>
      pool.use(orgId, async () => {
        started.push(name);
        const atATime = (working.get(orgId) ?? 0) + 1;
        working.set(orgId, atATime);
        await new Promise(setImmediate);
        working.set(orgId, working.get(orgId)! - 1);
        return atATime;
      });
    const many = Array.from({ length: 5 }, (_, n) => use('many', `many ${n}`));
    const others = ['b', 'c', 'd'].map((orgId) => use(orgId, orgId));
    expect(new Set(await Promise.all([...many, ...others]))).toEqual(new Set([1]));
    expect(started.slice(0, 2)).toEqual(['many 0', 'b']);
    expect(started.indexOf('d')).toBeLessThan(started.indexOf('many 3'));
  });

  it('get a thread while another tenant keeps one busy', async () => {
    let isOver = false;
    const spinning = Array.from({ length: 3 }, () => ask('spin', undefined, 200));
    const hostile = Promise.allSettled(spinning).finally(() => (isOver = true));
    const ids = new Set<number>();
    for (let n = 0; n < 20; n++) {
      ids.add(await pool.use(`org_${n}`, (thread) => thread.do('name', undefined as never, LIMIT_MS)));
    }
    expect(isOver).toBe(false);
    expect(ids.size).toBe(1);
    await hostile;
  });

  it('are told when the process stops, those that wait too', async () => {
    const stopping = createThreadPool<FaultyTasks>(FAULTY);
    const spin = () => stopping.use('org', (thread) => thread.do('spin', undefined as never, LIMIT_MS));
    const [first, second] = [spin(), spin()];
    const told = Promise.all([expect(first).rejects.toEqual(unavailable), expect(second).rejects.toEqual(unavailable)]);
    await stopping[Symbol.asyncDispose]();
    await told;
    await expect(spin()).rejects.toEqual(unavailable);
  });
});

import { threadId } from 'node:worker_threads';
import { serveTasks } from '../../src/threads/serve-tasks.ts';

/** 64 KiB, and no garbage beside them. */
const SLOTS = 8 * 1024;
const PER_MEGABYTE = 16;
const kept: unknown[][] = [];

function megabytes(count: number): unknown[][] {
  return Array.from({ length: count * PER_MEGABYTE }, () => new Array<unknown>(SLOTS));
}

const TASKS = {
  /** @returns which thread this is. */
  name: () => threadId,
  /** Takes memory until it is done. */
  take: (count: number) => megabytes(count).length / PER_MEGABYTE,
  /** Takes memory for as long as the thread lives. */
  keep: (count: number) => void kept.push(...megabytes(count)),
  spin: (): never => {
    for (;;);
  },
  recurse: (): number => 1 + TASKS.recurse(),
  fail: (why: string): never => {
    throw new Error(why);
  },
  exit: (code: number): never => process.exit(code),
};

export type FaultyTasks = typeof TASKS;

serveTasks(TASKS);

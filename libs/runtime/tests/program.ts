import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@agent-platform/errors';
import { run } from '@agent-platform/runtime';

/** What the process under test does; see run.test.ts. */
const [behaviour] = process.argv.slice(2);
const disposable = (dispose: () => Promise<void>): AsyncDisposable => ({ [Symbol.asyncDispose]: dispose });
const keepAlive = setInterval(() => {}, 1_000);

/* eslint-disable no-console -- the test reads standard output */
await run(
  'program',
  async (signal) => {
    if (behaviour === 'config error')
      throw new AppError('invalid_argument', 'config_invalid', 'PORT is "x"; expected …');
    if (behaviour === 'bug') throw new TypeError('a bug');
    if (behaviour === 'start for ever') {
      console.log('ready');
      await sleep(60_000, undefined, { signal });
    }
    if (behaviour === 'throw later')
      setTimeout(() => {
        throw new Error('unhandled');
      }, 10);
    if (behaviour === 'reject later') setTimeout(() => void Promise.reject(new Error('unhandled')), 10);
    console.log('ready');
    return disposable(async () => {
      console.log('disposing');
      if (behaviour === 'stop slowly') await sleep(3_000);
      if (behaviour === 'stop never') await sleep(60_000);
      if (behaviour === 'stop badly') throw new Error('no');
      clearInterval(keepAlive);
      console.log('disposed');
    });
  },
  { stopDeadlineMs: behaviour === 'stop never' ? 300 : 10_000 },
);

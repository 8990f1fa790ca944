import { describe, expect, it } from 'vitest';
import { createJournal } from './journal.ts';
import type { ClaimedRun } from './run.ts';
import type { RunChange, RunWritten } from '../store/runs/write-runs.ts';
import { LeaseLost } from './stop.ts';

const run = { id: 'run_1', epoch: 1, warnings: ['old'] } as unknown as ClaimedRun;
const lost = Object.assign(new Error('gone'), { code: 'ECONNRESET' });

/** A database that answers what it is told to, in order. */
function setUp(answers: (Error | number)[], isHeld = () => true) {
  const written: RunChange[] = [];
  const writer = {
    write: async (change: RunChange): Promise<RunWritten | undefined> => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      written.push(change);
      return answer === 0 ? undefined : { status: 'succeeded', cancelRequested: false };
    },
  };
  const onCancelRequested = () => undefined;
  return {
    journal: createJournal({ writer, run, steps: [], isHeld, onStep: () => undefined, onCancelRequested }),
    written,
  };
}

const call = { kind: 'tool_call', position: 'call', repeatable: false } as const;

describe('the journal', () => {
  it('writes an answer it holds until the database takes it', async () => {
    const { journal, written } = setUp([lost, lost, 1]);
    journal.succeed(journal.begin(call), '"answer"');
    await journal.finish({ status: 'succeeded' });
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({ run: { id: 'run_1', epoch: 1 }, warnings: '["old"]' });
  });

  it('gives up when the lease is over before the database is back', async () => {
    let held = 3;
    const { journal } = setUp(Array<Error>(9).fill(lost), () => held-- > 0);
    journal.begin(call);
    await expect(journal.commit()).rejects.toThrow(LeaseLost);
  });

  it('says so when another worker has the run', async () => {
    const { journal } = setUp([0]);
    journal.begin(call);
    await expect(journal.commit()).rejects.toThrow(LeaseLost);
  });

  it('does not repeat what the database refuses for good', async () => {
    const { journal, written } = setUp([Object.assign(new Error('bad text'), { code: '22021' })]);
    journal.begin(call);
    await expect(journal.commit()).rejects.toThrow('bad text');
    expect(written).toEqual([]);
  });

  it('writes only what has changed, and nothing when nothing has', async () => {
    const { journal, written } = setUp([]);
    const step = journal.begin(call);
    await journal.commit();
    await journal.commit();
    journal.begin({ ...call, position: 'other' });
    journal.succeed(step, '1');
    await journal.commit();
    expect(written.map(({ steps }) => steps.map(({ number }) => number).toSorted())).toEqual([[1], [1, 2]]);
  });

  it('counts the failures at a position since it succeeded, without those a stop of the process caused', () => {
    const { journal } = setUp([]);
    const fail = (code: string) => journal.fail(journal.begin(call), { code, message: '' });
    fail('timeout');
    journal.succeed(journal.begin(call), '1');
    fail('timeout');
    fail('handed_back');
    fail('interrupted');
    expect(journal.failed('call')).toHaveLength(2);
    expect(journal.failed('other')).toEqual([]);
  });
});

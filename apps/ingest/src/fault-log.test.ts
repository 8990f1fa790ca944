import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../tests/fixtures.ts';
import { createFaultLog } from './fault-log.ts';

describe('fault log', () => {
  it('writes the first fault and then at most one line in ten seconds', () => {
    const { logger, lines } = recordingLogger();
    let nowMs = 0;
    const logFault = createFaultLog(logger, () => nowMs, 'it fails');
    for (; nowMs < 25_000; nowMs += 100) logFault(new Error('why'));
    expect(lines.map(({ level, msg, faults }) => [level, msg, faults])).toEqual([
      ['warn', 'it fails', 1],
      ['warn', 'it fails', 100],
      ['warn', 'it fails', 100],
    ]);
  });
});
